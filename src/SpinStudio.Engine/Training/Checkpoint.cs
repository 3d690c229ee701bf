using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Training;

/// <summary>Where training stands: the next step to take, and what was done before it.</summary>
/// <param name="Step">Next optimizer step of the iteration.</param>
/// <param name="GlobalStep">The same over all iterations.</param>
/// <param name="Tokens">Real tokens trained on, over all iterations.</param>
public sealed record TrainingPosition(int Step, long GlobalStep, long Tokens);

/// <summary>
/// A resumable state of an iteration's training: <c>checkpoint-000200/</c> with the optimizer's buffers and the position. Nothing else is needed,
/// for the order of the data follows from the seed. Only the newest is kept.
/// </summary>
public static class Checkpoint
{
    private const string Prefix = "checkpoint-", State = "state.safetensors", Position = "position.json";

    /// <returns>Path and size of the checkpoint.</returns>
    public static (string Path, long Bytes) Save(string iterationFolder, FlatOptimizer optimizer, TrainingPosition position)
    {
        var path = Path.Combine(iterationFolder, $"{Prefix}{position.Step:D6}");
        AtomicFile.WriteFolder(path, beside =>
        {
            TensorFile.Save(Path.Combine(beside, State), optimizer.State);
            AtomicFile.WriteJson(Path.Combine(beside, Position), position);
        });
        foreach (var older in All(iterationFolder).Where(p => p != path))
            Directory.Delete(older, recursive: true);
        return (path, new DirectoryInfo(path).EnumerateFiles().Sum(f => f.Length));
    }

    /// <summary>Restores the newest checkpoint of an iteration.</summary>
    /// <returns>Where training stood, or null when there is none.</returns>
    public static TrainingPosition? Restore(string iterationFolder, FlatOptimizer optimizer)
    {
        if (All(iterationFolder).LastOrDefault() is not { } path) return null;
        using var file = SafetensorsFile.Open(Path.Combine(path, State));
        foreach (var (name, tensor) in optimizer.State)
            TensorFile.CopyTo(file, name, tensor);
        optimizer.PublishMasters();
        return AtomicFile.ReadJson<TrainingPosition>(Path.Combine(path, Position));
    }

    /// <summary>Deletes all checkpoints of an iteration, also those that were never finished.</summary>
    public static void Clear(string iterationFolder)
    {
        foreach (var path in Folders(iterationFolder))
            Directory.Delete(path, recursive: true);
    }

    /// <summary>The whole ones, oldest first.</summary>
    private static IEnumerable<string> All(string iterationFolder) => Folders(iterationFolder).Where(p => !p.EndsWith(".tmp", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static string[] Folders(string iterationFolder) => Directory.Exists(iterationFolder) ? Directory.GetDirectories(iterationFolder, Prefix + "*") : [];
}
