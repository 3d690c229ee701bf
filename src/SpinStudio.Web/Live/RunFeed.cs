using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Live;

/// <summary>Hands news to everybody who listens in this process. Publishing never waits for a listener.</summary>
public sealed class RunFeed(IDbContextFactory<StudioDb> databases)
{
    /// <summary>Updates that a slow listener may lag behind; older ones are dropped and read again from the journal.</summary>
    private const int Backlog = 256;

    private readonly ConcurrentDictionary<Listener, bool> listeners = new();

    /// <summary>Listens to one run, or with null to the state of all runs of a team.</summary>
    internal Listener Listen(Guid teamId, Guid? runId)
    {
        var listener = new Listener(this, teamId, runId, Channel.CreateBounded<RunNews>(
            new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }));
        listeners[listener] = true;
        return listener;
    }

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

    private void Publish(Guid teamId, RunNews news)
    {
        foreach (var (listener, _) in listeners)
        {
            if (listener.TeamId == teamId && (listener.RunId is null || listener.RunId == news.RunId))
            {
                listener.Channel.Writer.TryWrite(news);
            }
        }
    }

    /// <param name="Update">Null: the run was deleted.</param>
    internal sealed record RunNews(Guid RunId, RunUpdate? Update);

    internal sealed class Listener(RunFeed feed, Guid teamId, Guid? runId, Channel<RunNews> channel) : IDisposable
    {
        public Guid TeamId { get; } = teamId;

        public Guid? RunId { get; } = runId;

        public Channel<RunNews> Channel { get; } = channel;

        public void Dispose()
        {
            feed.listeners.TryRemove(this, out _);
            Channel.Writer.TryComplete();
        }
    }
}
