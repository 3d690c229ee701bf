using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Output;

/// <summary>Every journal event as one line of JSON, exactly as in <c>journal.jsonl</c>.</summary>
internal sealed class JsonRunDisplay(TextWriter output) : IRunDisplay
{
    public T Follow<T>(Func<Action<JournalEvent>, T> run) => run(Show);

    public void Notice(string line) => Console.Error.WriteLine(line);

    private void Show(JournalEvent journalEvent)
    {
        output.WriteLine(JsonSerializer.Serialize(journalEvent, RunJson.Line));
        output.Flush();
    }
}
