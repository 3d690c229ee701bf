using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Live;

/// <summary>Writes down how long each phase of a run took, from the times in its journal.</summary>
internal sealed class PhaseClock(StudioDb db, Run run)
{
    public async Task TakeAsync(PhaseEvent phase, CancellationToken cancellation)
    {
        var name = phase.Phase.ToString().ToLower(CultureInfo.InvariantCulture);
        var timing = await db.PhaseTimings.FindAsync([run.Id, phase.Iteration, name], cancellation);
        if (phase.State == PhaseState.Finished)
        {
            if (timing is not null)
            {
                (timing.FinishedAt, timing.Units, timing.TokensPerSecond) = (phase.At, run.PhaseTotal, run.TokensPerSecond);
            }
        }
        else if (timing is null)
        {
            // The rate that was told last belongs to the phase before.
            run.TokensPerSecond = 0;
            db.PhaseTimings.Add(new PhaseTiming { RunId = run.Id, Iteration = phase.Iteration, Phase = name, StartedAt = phase.At });
        }
    }

    /// <summary>A phase that is open when another engine takes over was worked on by two, with a pause of unknown length between.</summary>
    public async Task BreakAsync(CancellationToken cancellation)
    {
        foreach (var timing in await db.PhaseTimings.Where(row => row.RunId == run.Id && row.FinishedAt == null).ToListAsync(cancellation))
        {
            timing.Broken = true;
        }
    }
}
