using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Live;

/// <summary>News of a run: its state now, and the journal events since the update before, in order, none missing, none twice.</summary>
public sealed record RunUpdate(RunSummary Run, IReadOnlyList<JournalEvent> Events);

/// <param name="Run">Its state now; null when it was deleted.</param>
public sealed record RunsChanged(Guid RunId, RunSummary? Run);

/// <summary>Live news for components. Callbacks of one subscription never overlap; they run off the component's thread, so use <c>InvokeAsync</c>.</summary>
public sealed class LiveRuns(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunFeed feed, RunStream stream, TimeProvider time, ILogger<LiveRuns> logger)
{
    private static readonly TimeSpan MembershipAge = TimeSpan.FromSeconds(5);

    private DateTimeOffset lastChecked = time.GetUtcNow();

    /// <summary>Events after <paramref name="lastSeq"/>: first those already in the journal, in batches, then the live ones.</summary>
    public async Task<IAsyncDisposable> SubscribeAsync(Guid runId, long lastSeq, Func<RunUpdate, Task> onUpdate, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await db.Runs.AnyAsync(run => run.Id == runId && run.TeamId == me.TeamId, cancellation))
        {
            throw StudioException.NotFound("run");
        }

        return new Subscription(logger, async stopping =>
        {
            await foreach (var update in stream.ReadAsync(me.TeamId, runId, lastSeq, stopping))
            {
                await StillMemberAsync();
                await onUpdate(update);
            }
        });
    }

    /// <summary>State changes of all runs of the current user's team, without events; also when a run is created or deleted.</summary>
    public async Task<IAsyncDisposable> SubscribeAllAsync(Func<RunsChanged, Task> onChange, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var listener = feed.Listen(me.TeamId, runId: null);
        return new Subscription(logger, async stopping =>
        {
            using (listener)
            {
                await foreach (var (_, news) in listener.Channel.Reader.ReadAllAsync(stopping))
                {
                    await StillMemberAsync();
                    await onChange(new RunsChanged(news.RunId, news.Update?.Run));
                }
            }
        });
    }

    /// <summary>Ends the subscription of somebody who was removed from the team meanwhile; asked again only every few seconds.</summary>
    private async Task StillMemberAsync()
    {
        if (time.GetUtcNow() - lastChecked > MembershipAge)
        {
            await currentUser.RequireAsync();
            lastChecked = time.GetUtcNow();
        }
    }
}
