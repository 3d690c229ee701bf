using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Teams;

namespace SpinStudio.Web.Jobs;

/// <summary>Keeps a team within its quota of runs at the same time: a run beyond it gives its slot back and is queued again when one of the team ends.</summary>
public sealed class TeamPlaces(IDbContextFactory<StudioDb> databases, RunQueue queue) : IDisposable
{
    private readonly Dictionary<Guid, Guid> taken = [];
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <summary>Whether a waiting run may start now. One that is at work already keeps its place.</summary>
    internal async Task<bool> TakeAsync(Run run)
    {
        await gate.WaitAsync();
        try
        {
            await using var db = await databases.CreateDbContextAsync();
            if (run.Status == RunStatus.Queued && await db.Teams.Where(team => team.Id == run.TeamId).Select(team => team.RunQuota).FirstOrDefaultAsync() is { } quota)
            {
                // Those of the database, and those that were let in a moment ago and do not say so there yet.
                var working = await db.Runs.Where(row => row.TeamId == run.TeamId && row.Id != run.Id && Quotas.Working.Contains(row.Status)).Select(row => row.Id).ToListAsync();
                working.AddRange(taken.Where(place => place.Value == run.TeamId && place.Key != run.Id).Select(place => place.Key).Except(working).ToList());
                // Two slots may come free at once and take two runs in any order; the one before in the queue goes first.
                var before = await db.Runs.CountAsync(row => row.TeamId == run.TeamId && row.Status == RunStatus.Queued && row.HeldAt == null && row.QueuedAt < run.QueuedAt && !working.Contains(row.Id));
                if (working.Count + before >= quota)
                {
                    return false;
                }
            }

            taken[run.Id] = run.TeamId;
            return true;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The run works no more: those of its team that wait get their places in the queue back.</summary>
    internal async Task LeaveAsync(Guid runId)
    {
        Guid team;
        await gate.WaitAsync();
        try
        {
            if (!taken.Remove(runId, out team))
            {
                return;
            }
        }
        finally
        {
            gate.Release();
        }

        await using var db = await databases.CreateDbContextAsync();
        if (await db.Teams.AnyAsync(row => row.Id == team && row.RunQuota != null))
        {
            await WakeAsync(team, CancellationToken.None);
        }
    }

    /// <summary>Lets all waiting runs of a team try again; they keep their order.</summary>
    internal async Task WakeAsync(Guid teamId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var run in await db.Runs.Where(row => row.TeamId == teamId && row.Status == RunStatus.Queued && row.HeldAt == null).OrderBy(row => row.QueuedAt).Select(row => new { row.Id, row.QueuedAt }).ToListAsync(cancellation))
        {
            await queue.EnqueueAsync(run.Id, run.QueuedAt, cancellation);
        }
    }

    public void Dispose() => gate.Dispose();
}
