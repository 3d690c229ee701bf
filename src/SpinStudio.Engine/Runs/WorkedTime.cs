namespace SpinStudio.Engine.Runs;

/// <summary>
/// Time that engine processes worked on a run, from the events of its journal: from event to event of one process, without the time between two processes.
/// What a killed process did after its last event cannot be known and is not counted.
/// </summary>
internal sealed class WorkedTime
{
    private readonly Dictionary<int, TimeSpan> _ofIteration = [];
    private DateTimeOffset? _last;
    private int _iteration = -1;

    public TimeSpan Whole { get; private set; }

    /// <summary>Zero for an iteration that nobody has worked on.</summary>
    public TimeSpan Of(int iteration) => _ofIteration.GetValueOrDefault(iteration);

    /// <summary>Counts the time up to an event; events come in their order.</summary>
    public void Add(JournalEvent entry)
    {
        if (entry is not StartedEvent) Pass(entry.At);
        _last = entry.At;
        _iteration = entry switch
        {
            PhaseEvent e => e.Iteration,
            ProgressEvent e => e.Iteration,
            MetricsEvent e => e.Iteration,
            _ => _iteration,
        };
    }

    /// <summary>Counts the time up to now, for what is told at this moment.</summary>
    public void Pass(DateTimeOffset now)
    {
        // A clock that was set back must not take anything away.
        if (_last is not { } last || now <= last) return;
        Whole += now - last;
        _ofIteration[_iteration] = Of(_iteration) + (now - last);
        _last = now;
    }
}
