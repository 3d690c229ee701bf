using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Output;

/// <summary>One line per thing worth knowing, and a progress line at most every ten seconds: for logs and pipes.</summary>
internal sealed class PlainRunDisplay(TextWriter output) : IRunDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private DateTimeOffset _lastProgress = DateTimeOffset.MinValue;
    private string _metrics = "";

    public T Follow<T>(Func<Action<JournalEvent>, T> run) => run(Show);

    public void Notice(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }

    private void Show(JournalEvent journalEvent)
    {
        switch (journalEvent)
        {
            case PhaseEvent { State: PhaseState.Started }:
                _metrics = "";
                break;
            case MetricsEvent e:
                _metrics = EventText.Metrics(e);
                break;
            case ProgressEvent e when e.At - _lastProgress >= Interval || e.Done >= e.Total:
                _lastProgress = e.At;
                Notice(string.Join("; ", Parts(e)));
                break;
            default:
                if (EventText.Line(journalEvent) is { } line)
                    Notice(line);
                break;
        }
    }

    private IEnumerable<string> Parts(ProgressEvent e)
    {
        yield return $"{EventText.Phase(e.Iteration, e.Phase)}: {EventText.Progress(e)}";
        if (_metrics.Length > 0)
            yield return _metrics;
        yield return $"{e.Overall * 100:0} % of the run" + (e.EtaSeconds is { } eta ? $", {Figures.Duration(eta)} left" : "");
    }
}
