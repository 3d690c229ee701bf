using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Inspection;

/// <summary>How long a finished phase took, and its rate.</summary>
/// <param name="Seconds">From its start to its end; what a stop in between took is in it.</param>
/// <param name="TokensPerSecond">As last told while it went on; null when it was too short to tell.</param>
internal sealed record PhaseTime(int Iteration, RunPhase Phase, double Seconds, double? TokensPerSecond);

internal static class PhaseTimes
{
    /// <summary>The finished phases of a journal, in their order.</summary>
    public static IReadOnlyList<PhaseTime> Of(IEnumerable<JournalEvent> events)
    {
        var started = new Dictionary<(int, RunPhase), DateTimeOffset>();
        var rates = new Dictionary<(int, RunPhase), double>();
        var times = new List<PhaseTime>();
        foreach (var journalEvent in events)
        {
            switch (journalEvent)
            {
                case PhaseEvent { State: PhaseState.Started } e:
                    started[(e.Iteration, e.Phase)] = e.At;
                    break;
                case ProgressEvent { TokensPerSecond: > 0 } e:
                    rates[(e.Iteration, e.Phase)] = e.TokensPerSecond;
                    break;
                case PhaseEvent { State: PhaseState.Finished } e when started.TryGetValue((e.Iteration, e.Phase), out var start):
                    times.Add(new PhaseTime(e.Iteration, e.Phase, (e.At - start).TotalSeconds, rates.TryGetValue((e.Iteration, e.Phase), out var rate) ? rate : null));
                    break;
            }
        }

        return times;
    }

    public static string Render(IEnumerable<PhaseTime> times) => TextTable.Render(
        ["iteration", "phase", "seconds", "tokens/s"],
        times.Select(time => (string[])
        [
            Figures.Model(time.Iteration), time.Phase.ToString().ToLowerInvariant(), Figures.Number(Math.Round(time.Seconds, 1)),
            time.TokensPerSecond is { } rate ? Figures.Count(rate) : "–",
        ]));
}
