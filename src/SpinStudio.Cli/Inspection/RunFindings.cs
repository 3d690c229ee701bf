using System.Text.Json;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Inspection;

/// <summary>A run folder: where the run stands, and the held-out figures so far.</summary>
internal static class RunFindings
{
    public static bool IsRun(string path) => File.Exists(new RunFolder(path).Journal);

    public static Findings Of(string path)
    {
        var folder = new RunFolder(path);
        var events = ReadJournal(folder.Journal);
        if (events.Count == 0)
            throw new BadInputException($"{folder.Journal} is empty: the run has not begun");

        var config = JsonSerializer.Deserialize<RunConfig>(File.ReadAllText(folder.Config), RunJson.Pretty)!;
        var reports = EvaluationTable.Read(folder);
        var phases = PhaseTimes.Of(events);
        return new Findings("run", folder.Root)
        {
            Figures =
            [
                ("name", config.Name),
                ("state", State(events)),
                ("events", events.Count),
                ("last_seq", events[^1].Seq),
                ("processes", events.OfType<StartedEvent>().Count()),
                ("finished_iterations", events.OfType<IterationEvent>().Count()),
                ("optimizer_steps", events.OfType<MetricsEvent>().Count()),
                ("trained_tokens", events.OfType<MetricsEvent>().LastOrDefault()?.Tokens ?? 0),
                .. events.OfType<FinishedEvent>().TakeLast(1).Select(finished => ("model", (object)finished.Model)),
                .. events.OfType<IterationEvent>().TakeLast(1).Select(last => ("model_sha256", (object)last.Sha256)),
            ],
            Table = string.Join('\n', new[] { phases.Count == 0 ? "" : PhaseTimes.Render(phases), reports.Count == 0 ? "" : EvaluationTable.Render(reports) }.Where(table => table.Length > 0)),
            Parts = [("phases", phases), ("evaluations", reports)],
        };
    }

    /// <summary>Whole lines only: the last one may still be on its way to the disk.</summary>
    private static List<JournalEvent> ReadJournal(string path)
    {
        var text = File.ReadAllText(path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return [.. whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, index) => Parse(line, path, index + 1))];
    }

    private static JournalEvent Parse(string line, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!;
        }
        catch (JsonException exception)
        {
            throw new BadInputException($"{path}, line {number} is no journal event: {exception.Message}", exception);
        }
    }

    private static string State(List<JournalEvent> events) => events.FindLast(e => e is StartedEvent or StoppedEvent or FailedEvent or FinishedEvent) switch
    {
        FinishedEvent => "finished",
        StoppedEvent => "stopped",
        FailedEvent failed => $"failed ({failed.Cause}): {failed.Message}",
        _ => "running, or its engine was killed (see lease.json)",
    };
}
