using System.Diagnostics;

namespace SpinStudio.Engine.Runs;

/// <summary>One phase of the plan: how many units of work it has.</summary>
/// <param name="Examples">Prompts or pairs that a unit handles: for a step its batch.</param>
public sealed record PlannedPhase(int Iteration, RunPhase Phase, long Total, string Unit, int Examples = 1);

/// <summary>
/// Tells how far a run is and when it will end. Each kind of phase has a cost a unit: measured once units of it were done in this process,
/// before that a rough guess relative to those that were measured.
/// </summary>
public sealed class RunProgress(Journal journal, IEnumerable<PlannedPhase> plan)
{
    private const double EnoughSeconds = 5, EnoughShare = 0.05;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Cost of an example, relative to writing one answer, before anything was measured: as models of 1 and 30 million parameters have it.</summary>
    private static readonly Dictionary<RunPhase, double> Guess = new()
    {
        [RunPhase.Generate] = 1, [RunPhase.Evaluate] = 1.2, [RunPhase.Score] = 0.6, [RunPhase.Train] = 3, [RunPhase.Save] = 5,
    };

    private readonly List<PlannedPhase> _plan = [.. plan];
    private readonly Dictionary<RunPhase, (double Seconds, long Units)> _measured = [];
    private readonly Stopwatch _watch = new();
    private int _at = -1;
    private long _done, _doneBefore, _tokens;
    private TimeSpan _lastTold;

    /// <summary>Enters a phase of the plan.</summary>
    /// <param name="total">Units it really has; the plan could only guess.</param>
    /// <param name="done">Units that an earlier process finished.</param>
    public void Enter(int iteration, RunPhase phase, long total, long done = 0)
    {
        _at = _plan.FindIndex(p => p.Iteration == iteration && p.Phase == phase);
        _plan[_at] = _plan[_at] with { Total = total };
        (_done, _doneBefore, _lastTold) = (done, done, TimeSpan.MinValue);
        _tokens = 0;
        _watch.Restart();
        journal.Write(new PhaseEvent(iteration, phase, PhaseState.Started));
    }

    /// <summary>Tells that units are done; writes at most two events a second.</summary>
    /// <param name="tokens">Tokens handled since the phase was entered.</param>
    public void Tell(long done, long tokens)
    {
        _done = done;
        _tokens = tokens;
        if (_lastTold != TimeSpan.MinValue && _watch.Elapsed - _lastTold < Interval && done < _plan[_at].Total) return;
        _lastTold = _watch.Elapsed;
        Write();
    }

    /// <summary>Leaves the phase, finished.</summary>
    public void Leave()
    {
        var (iteration, phase, total, _, _) = _plan[_at];
        var (seconds, units) = _measured.GetValueOrDefault(phase);
        _measured[phase] = (seconds + _watch.Elapsed.TotalSeconds, units + total - _doneBefore);
        journal.Write(new PhaseEvent(iteration, phase, PhaseState.Finished));
    }

    private void Write()
    {
        var (iteration, phase, total, unit, _) = _plan[_at];
        var elapsed = _watch.Elapsed.TotalSeconds;
        double before = 0, after = 0;
        for (var i = 0; i < _plan.Count; i++)
        {
            var cost = CostOf(_plan[i].Phase, elapsed);
            before += cost * (i < _at ? _plan[i].Total : i == _at ? _done : 0);
            after += cost * (i > _at ? _plan[i].Total : i == _at ? total - _done : 0);
        }
        var known = _measured.Count > 0 || Seen(phase, elapsed).Units > 0;
        journal.Write(new ProgressEvent(iteration, phase, _done, total, unit, elapsed > 0 ? _tokens / elapsed : 0,
            before + after > 0 ? before / (before + after) : 0, known ? after : null));
    }

    /// <summary>Seconds a unit of a phase takes.</summary>
    private double CostOf(RunPhase phase, double elapsed)
    {
        var (seconds, units) = Seen(phase, elapsed);
        if (units > 0) return seconds / units;
        // Scale the guess by how far the guesses of the measured phases were off.
        double real = 0, guessed = 0;
        foreach (var other in Guess.Keys)
        {
            (seconds, units) = Seen(other, elapsed);
            if (units == 0) continue;
            real += seconds;
            guessed += units * GuessOf(other);
        }
        return GuessOf(phase) * (guessed > 0 ? real / guessed : 1);
    }

    private double GuessOf(RunPhase phase) => Guess[phase] * (_plan.Find(planned => planned.Phase == phase)?.Examples ?? 1);

    /// <summary>What was measured of a phase. The present one counts once enough of it is done: the first answers of a batch come late, and nothing can be told from one step.</summary>
    private (double Seconds, long Units) Seen(RunPhase phase, double elapsed)
    {
        var (seconds, units) = _measured.GetValueOrDefault(phase);
        var done = _done - _doneBefore;
        var enough = done > 0 && (elapsed >= EnoughSeconds || done >= EnoughShare * _plan[_at].Total);
        return _plan[_at].Phase == phase && enough ? (seconds + elapsed, units + done) : (seconds, units);
    }
}
