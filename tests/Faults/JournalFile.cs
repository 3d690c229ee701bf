using System.Diagnostics;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Faults;

/// <summary>A run's journal, read while an engine writes it.</summary>
internal static class JournalFile
{
    /// <summary>Whole lines of the journal so far.</summary>
    public static List<JournalEvent> Events(string folder)
    {
        var path = new RunFolder(folder).Journal;
        if (!File.Exists(path)) return [];
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!)];
    }

    /// <summary>Waits for something that the process brings about.</summary>
    public static void WaitFor(Func<bool> condition, Process process)
    {
        while (!condition())
        {
            Assert.False(process.HasExited, "the run ended before the condition held");
            Thread.Sleep(10);
        }
    }
}
