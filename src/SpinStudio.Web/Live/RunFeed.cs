using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Live;

/// <summary>Hands news to everybody who listens in this process. Publishing never waits for a listener.</summary>
public sealed class RunFeed(IDbContextFactory<StudioDb> databases)
{
    /// <summary>Updates that a slow listener may lag behind; older ones are dropped and read again from the journal.</summary>
    private const int Backlog = 256;

    private readonly Listeners<(Guid TeamId, RunNews News)> listeners = new(Backlog);

    /// <summary>Listens to one run, or with null to the state of all runs of a team.</summary>
    internal Listeners<(Guid TeamId, RunNews News)>.Listener Listen(Guid teamId, Guid? runId) =>
        listeners.Add(told => told.TeamId == teamId && (runId is null || runId == told.News.RunId));

    /// <summary>Listens to all runs of all teams.</summary>
    internal Listeners<(Guid TeamId, RunNews News)>.Listener ListenToAll() => listeners.Add(_ => true);

    internal void Publish(Guid teamId, RunUpdate update) => Publish(teamId, new RunNews(update.Run.Id, update));

    /// <summary>Tells the run's present state, without events.</summary>
    internal async Task StateChangedAsync(Guid runId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var team = await db.Runs.Where(run => run.Id == runId).Select(run => (Guid?)run.TeamId).FirstOrDefaultAsync(cancellation);
        if (team is { } teamId && await RunView.SummaryAsync(db, runId, cancellation) is { } summary)
        {
            Publish(teamId, new RunUpdate(summary, []));
        }
    }

    /// <summary>The team's queue as a whole was paused or opened: told under no run's id.</summary>
    internal void QueueChanged(Guid teamId) => Publish(teamId, new RunNews(Guid.Empty, null));

    internal void Deleted(Guid runId, Guid teamId) => Publish(teamId, new RunNews(runId, null));

    private void Publish(Guid teamId, RunNews news) => listeners.Tell((teamId, news));

    /// <param name="Update">Null: the run was deleted.</param>
    internal sealed record RunNews(Guid RunId, RunUpdate? Update);
}
