using System.Text.Json;

namespace SpinStudio.Engine.Runs;

/// <summary>Files that are there whole or not at all: written beside their name, synced, then renamed.</summary>
public static class AtomicFile
{
    public static void Write(string path, Action<FileStream> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var beside = path + ".tmp";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    public static void WriteJson<T>(string path, T value) => Write(path, file => JsonSerializer.Serialize(file, value, RunJson.Pretty));

    public static T ReadJson<T>(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<T>(file, RunJson.Pretty) ?? throw new BadInputException($"{path} is empty");
    }

    /// <summary>Fills a folder beside its name and renames it when it is complete. What stood there is replaced.</summary>
    public static void WriteFolder(string path, Action<string> fill)
    {
        var beside = path + ".tmp";
        if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        Directory.CreateDirectory(beside);
        fill(beside);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        Directory.Move(beside, path);
    }
}
