namespace SpinStudio.Bench.Peer;

/// <summary>Where things are in the checkout.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Bench { get; } = Path.Combine(Root, "bench", "Peer");

    public static string Report { get; } = Path.Combine(Root, "docs", "benchmarks", "peer.md");

    /// <summary>The npm folder that holds node-llama-cpp.</summary>
    public static string LlamaCpp { get; } = Path.Combine(Root, "artifacts", "llama-cpp");

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "SpinStudio.sln")))
                return folder;
        throw new InvalidOperationException("run this from a checkout of SpinStudio");
    }
}
