namespace SpinStudio.Bench.Peer;

/// <summary>How a part is measured: with how many threads, how thoroughly, in which temporary folder.</summary>
/// <param name="quick">Small sizes and few rounds, to see that everything works and both sides agree.</param>
internal sealed class Setting(bool quick) : IDisposable
{
    public bool Quick { get; } = quick;

    public int Threads { get; } = Environment.ProcessorCount;

    public string Folder { get; } = Directory.CreateTempSubdirectory("spinstudio-peer-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>A folder for a workload of its own.</summary>
    public string SubFolder(string name) => Directory.CreateDirectory(Path(name)).FullName;

    public static void Say(string text) => Console.Error.WriteLine($"bench peer: {text}");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
