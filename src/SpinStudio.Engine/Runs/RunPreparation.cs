using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Runs;

/// <summary>What a run was made from: the content of <c>provenance.json</c>.</summary>
/// <param name="ModelSha256">Of the starting model's weight files, by name.</param>
public sealed record RunProvenance(
    int SchemaVersion, string EngineVersion, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> ModelSha256, string TrainSha256, string HeldOutSha256,
    int TrainExamples, int HeldOutExamples);

/// <summary>Fills a new run folder with all that the run needs: the config, a copy of the starting model and the examples. From then on the folder stands on its own.</summary>
public static class RunPreparation
{
    public const int SchemaVersion = 1;

    public static string EngineVersion { get; } = typeof(RunPreparation).Assembly.GetName().Version!.ToString(3);

    /// <summary>Prepares the folder, unless that is done. Interrupted, it starts over.</summary>
    /// <exception cref="BadInputException">The folder belongs to another run, or the model or the dataset is refused.</exception>
    public static RunProvenance Prepare(RunConfig config, RunFolder folder)
    {
        if (File.Exists(folder.Provenance))
        {
            if (JsonSerializer.Serialize(AtomicFile.ReadJson<RunConfig>(folder.Config), RunJson.Line) != JsonSerializer.Serialize(config, RunJson.Line))
                throw new BadInputException($"{folder.Root} holds a run with another config; choose an empty folder, or resume with the run.json in it");
            return AtomicFile.ReadJson<RunProvenance>(folder.Provenance);
        }

        Directory.CreateDirectory(folder.Root);
        AtomicFile.WriteJson(folder.Config, config);
        if (!Directory.Exists(folder.StartModel))
        {
            Directory.CreateDirectory(folder.Iteration(-1));
            ModelFolder.Copy(config.Model, folder.StartModel);
        }

        if (config.ChatTemplate is { } template)
            File.WriteAllText(Path.Combine(folder.StartModel, TokenizerSettings.TemplateFile), BuiltInTemplates.For(template, Tokenizer.Load(folder.StartModel)));

        var (train, heldOut) = Split(config);
        var provenance = new RunProvenance(
            SchemaVersion, EngineVersion, DateTimeOffset.UtcNow,
            ModelFolder.Open(folder.StartModel).WeightFiles.ToDictionary(f => f, f => FileHash.Of(Path.Combine(folder.StartModel, f))),
            Write(folder.TrainExamples, train), Write(folder.HeldOutExamples, heldOut), train.Count, heldOut.Count);
        AtomicFile.WriteJson(folder.Provenance, provenance);
        return provenance;
    }

    /// <summary>The rows of a dataset as a kind of run needs them, read as they are asked for.</summary>
    /// <exception cref="BadInputException">A row is not an example, or has no rejected answer where the run learns from preferences.</exception>
    public static IEnumerable<Example> Rows(string path, RunKind kind) => kind != RunKind.Dpo
        ? DatasetReader.Read(path)
        : DatasetReader.Read(path).Select((example, i) => !string.IsNullOrWhiteSpace(example.Rejected)
            ? example
            : throw new BadInputException(
                $"{path}, row {i + 1} (prompt {example.PromptId}) has no rejected answer; kind dpo needs one in every row, such as {{\"prompt\": \"…\", \"response\": \"…\", \"rejected\": \"…\"}}. Import a file with chosen and rejected, or use kind spin"));

    /// <summary>Training and held-out examples, after the config's limits.</summary>
    private static (List<Example> Train, List<Example> HeldOut) Split(RunConfig config)
    {
        var train = Rows(config.Dataset, config.Kind).ToList();
        List<Example> heldOut;
        if (config.HeldOut is { } path)
            heldOut = [.. Rows(path, config.Kind)];
        else
            (train, heldOut) = HeldOutSplit.Of(train, config.HeldOutFraction);

        if (config.MaxExamples > 0 && config.MaxExamples < train.Count)
        {
            var order = train.ToArray();
            RandomStream.From(config.Seed).Shuffle<Example>(order);
            train = [.. order[..config.MaxExamples]];
        }
        return train.Count > 0
            ? (train, heldOut[..Math.Min(heldOut.Count, config.Evaluation.Examples)])
            : throw new BadInputException($"{config.Dataset} has no example left to train on");
    }

    /// <returns>SHA-256 of the file.</returns>
    private static string Write(string path, IEnumerable<Example> examples)
    {
        AtomicFile.Write(path, file =>
        {
            foreach (var example in examples)
                file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(example, RunJson.Line) + "\n"));
        });
        return FileHash.Of(path);
    }
}
