namespace SpinStudio.Web;

/// <summary>Where things lie. Everything that the studio writes is below the data directory.</summary>
public sealed class StudioPaths
{
    public StudioPaths(string content, string data)
    {
        Content = Path.GetFullPath(content);
        Data = Path.GetFullPath(data);
        foreach (var folder in (string[])[Data, Uploads, Datasets, Models, Fetches, Runs, Relays, Keys])
        {
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>The repository root, or the folder of a published studio: wwwroot, appsettings.json, samples.</summary>
    public string Content { get; }

    public string Data { get; }

    public string Database => Path.Combine(Data, "studio.db");

    public string Uploads => Path.Combine(Data, "uploads");

    public string Datasets => Path.Combine(Data, "datasets");

    /// <summary>Models that were uploaded, fetched or promoted.</summary>
    public string Models => Path.Combine(Data, "models");

    /// <summary>Downloads under way.</summary>
    public string Fetches => Path.Combine(Data, "fetches");

    public string Runs => Path.Combine(Data, "runs");

    /// <summary>Sockets by which engines reach model servers.</summary>
    public string Relays => Path.Combine(Data, "relays");

    /// <summary>Keys that cookies, and the keys of model servers, are protected with.</summary>
    public string Keys => Path.Combine(Data, "keys");

    public string Samples => Path.Combine(Content, "samples");

    /// <summary>A file that the database names relative to the data directory.</summary>
    /// <exception cref="InvalidOperationException">The name leads out of it.</exception>
    public string InData(string relative) => Within(Data, relative);

    /// <summary>The path of a name below a folder.</summary>
    /// <exception cref="InvalidOperationException">The name leads out of it.</exception>
    public static string Within(string folder, string relative)
    {
        var path = Path.GetFullPath(relative, folder);
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidOperationException($"'{relative}' leads out of {folder}");
    }

    /// <summary>
    /// The nearest folder that holds both wwwroot and appsettings.json: the program's own (published), one above it (built in the repository), or
    /// one above the working directory.
    /// </summary>
    public static string FindContent()
    {
        string[] starts = [AppContext.BaseDirectory, Directory.GetCurrentDirectory()];
        return starts.SelectMany(Upwards).FirstOrDefault(IsContent)
            ?? throw new InvalidOperationException($"found no folder with wwwroot and appsettings.json at or above {string.Join(" or ", starts)}");
    }

    private static bool IsContent(string folder) => File.Exists(Path.Combine(folder, "appsettings.json")) && Directory.Exists(Path.Combine(folder, "wwwroot"));

    private static IEnumerable<string> Upwards(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
