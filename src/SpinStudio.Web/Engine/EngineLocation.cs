using Microsoft.Extensions.Options;

namespace SpinStudio.Web.Engine;

/// <summary>Finds the engine's program.</summary>
public sealed class EngineLocation(IOptions<EngineOptions> options, StudioPaths paths)
{
    private const string Program = "spinstudio";

    /// <summary>The program as an argument array: an executable, or <c>dotnet</c> and a dll.</summary>
    /// <exception cref="FileNotFoundException">It is nowhere; the message says where it was looked for.</exception>
    public IReadOnlyList<string> Find()
    {
        var candidates = Candidates().ToList();
        var found = candidates.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"The engine was not found at {string.Join(" or ", candidates)}. Build it with './studio up', or set Engine:Path.");
        return found.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", found] : [found];
    }

    private IEnumerable<string> Candidates()
    {
        if (!string.IsNullOrWhiteSpace(options.Value.Path))
        {
            yield return Path.GetFullPath(options.Value.Path, paths.Content);
            yield break;
        }

        // Published: in a folder of its own beside the studio. Built in the repository: the same configuration's output first.
        yield return Path.Combine(AppContext.BaseDirectory, "engine", Program);
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        foreach (var name in new[] { configuration, "release", "debug" }.Distinct())
        {
            yield return Path.Combine(paths.Content, "artifacts", "bin", "SpinStudio.Cli", name, Program);
        }
    }
}
