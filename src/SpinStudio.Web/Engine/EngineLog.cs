using System.Text;

namespace SpinStudio.Web.Engine;

/// <summary>
/// The engine's output, <c>engine.log</c> in the run folder. The engine appends to it itself, so that nothing is lost while no studio listens; the studio only
/// keeps it from growing without end.
/// </summary>
internal static class EngineLog
{
    private const string Name = "engine.log";
    private const long Limit = 8 << 20;
    private const int TailBytes = 1 << 18;

    public static string PathIn(string runFolder) => Path.Combine(runFolder, Name);

    /// <summary>Puts a log that has grown too long aside as <c>engine.log.1</c> and starts it anew. The engine writes in append mode and goes on at the new end.</summary>
    public static void Bound(string runFolder)
    {
        var path = PathIn(runFolder);
        if (new FileInfo(path) is { Exists: true, Length: > Limit })
        {
            File.Copy(path, path + ".1", overwrite: true);
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(0);
        }
    }

    /// <summary>The last lines.</summary>
    public static IReadOnlyList<string> Tail(string runFolder, int lines)
    {
        var path = PathIn(runFolder);
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var from = Math.Max(0, file.Length - TailBytes);
        file.Seek(from, SeekOrigin.Begin);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var all = reader.ReadToEnd().Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (all is [.., ""])
        {
            all.RemoveAt(all.Count - 1);
        }

        return [.. all.Skip(from > 0 ? 1 : 0).TakeLast(lines)];
    }
}
