using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Features.Notifications;

/// <summary>Tells when a run ends or gets advice. What ended while the studio was away is told when it comes back.</summary>
public sealed class RunWatcher(IDbContextFactory<StudioDb> databases, RunFeed feed, TeamEvents events, TimeProvider time, ILogger<RunWatcher> logger) : BackgroundService
{
    /// <summary>Ends that may have been written but not told before a studio was killed.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromHours(1);

    /// <summary>Listens before any service starts: the one that comes before catches up the journals.</summary>
    private readonly Listeners<(Guid TeamId, RunFeed.RunNews News)>.Listener listener = feed.ListenToAll();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using (listener)
        {
            await SafelyAsync(() => CatchUpAsync(stoppingToken), stoppingToken);
            try
            {
                await foreach (var (team, news) in listener.Channel.Reader.ReadAllAsync(stoppingToken))
                {
                    await SafelyAsync(() => TakeAsync(team, news, stoppingToken), stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                logger.LogDebug("Runs are no longer watched");
            }
        }
    }

    private async Task CatchUpAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var last = await db.TeamEvents.OrderByDescending(told => told.At).Select(told => (DateTimeOffset?)told.At).FirstOrDefaultAsync(cancellation);
        var since = (last ?? time.GetUtcNow()) - Overlap;
        foreach (var run in await db.Runs.Where(run => run.EndedAt > since && (run.Status == RunStatus.Completed || run.Status == RunStatus.Failed)).Select(run => run.Id).ToListAsync(cancellation))
        {
            await TellEndAsync(run, cancellation);
        }
    }

    private async Task TakeAsync(Guid team, RunFeed.RunNews news, CancellationToken cancellation)
    {
        foreach (var advice in news.Update?.Events.OfType<AdviceEvent>().Where(advice => advice is { Advice: AdviceKind.Stop, Ends: false }) ?? [])
        {
            var run = news.Update!.Run;
            var happened = new TeamEvent
            {
                TeamId = team, Kind = EventKinds.RunAdvice, Key = $"run:{run.Id}:advice:{advice.Iteration}", SubjectId = run.Id, Text = $"{run.Name}, iteration {advice.Iteration}: {advice.Sentence}", Path = $"/runs/{run.Id}", At = advice.At,
            };
            await events.TellAsync(happened, await OwnerAsync(run.Id, cancellation), cancellation);
        }

        if (news.Update?.Run.Status is RunStatus.Completed or RunStatus.Failed)
        {
            await TellEndAsync(news.RunId, cancellation);
        }
    }

    private async Task TellEndAsync(Guid runId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Runs.AsNoTracking().FirstOrDefaultAsync(run => run.Id == runId && (run.Status == RunStatus.Completed || run.Status == RunStatus.Failed), cancellation) is not { EndedAt: { } ended } run)
        {
            return;
        }

        var early = run.Status == RunStatus.Completed && run.Iterations < RunView.Config(run).Iterations;
        var (kind, text) = run.Status == RunStatus.Failed ? (EventKinds.RunFailed, $"{run.Name} failed: {run.FailureMessage}")
            : early ? (EventKinds.RunStoppedEarly, $"{run.Name} ended after {Components.Format.Plural(run.Iterations, "iteration")}: the evidence spoke against another.")
            : (EventKinds.RunCompleted, $"{run.Name} is finished.");
        var happened = new TeamEvent { TeamId = run.TeamId, Kind = kind, Key = $"{kind}:{run.Id}:{ended.UtcTicks}", SubjectId = run.Id, Text = text, Path = $"/runs/{run.Id}", At = ended };
        await events.TellAsync(happened, await OwnerAsync(run.Id, cancellation), cancellation);
    }

    private async Task<Guid[]> OwnerAsync(Guid runId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return [.. await db.Runs.Where(run => run.Id == runId && run.CreatedById != null).Select(run => run.CreatedById!.Value).ToListAsync(cancellation)];
    }

    /// <summary>What goes wrong in telling of one thing must not keep others from being told.</summary>
    private async Task SafelyAsync(Func<Task> work, CancellationToken stopping)
    {
        try
        {
            await work();
        }
#pragma warning disable CA1031 // It is logged; an end that was not told is told at the next start.
        catch (Exception fault) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.LogError(fault, "A run's news was not told");
        }
    }
}
