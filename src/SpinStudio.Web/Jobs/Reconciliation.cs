using Microsoft.EntityFrameworkCore;
using Quartz;
using SpinStudio.Data;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Seeding;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Jobs;

/// <summary>
/// First thing at start-up, before the scheduler: the schema is brought up to date, every run that has not ended is compared with its journal and its engine,
/// and the queue is filled again from the runs. So no row says "running" for something that is dead.
/// </summary>
internal sealed class Reconciliation(IServiceScopeFactory scopes, ILogger<Reconciliation> logger) : IHostedService
{
    private static readonly TimeSpan UploadLifetime = TimeSpan.FromDays(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        await using var db = await services.GetRequiredService<IDbContextFactory<StudioDb>>().CreateDbContextAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
        await services.GetRequiredService<UploadService>().RemoveOlderThanAsync(UploadLifetime, cancellationToken);
        services.GetRequiredService<ModelIntake>().ClearLeftovers();

        var scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler(cancellationToken);
        await scheduler.DeleteJobs(GroupMatcher<JobKey>.GroupEquals(RunQueue.Group), cancellationToken);
        await ReconcileAsync(services, db, cancellationToken);
        await services.GetRequiredService<Seed>().PlantAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ReconcileAsync(IServiceProvider services, StudioDb db, CancellationToken cancellation)
    {
        RunStatus[] open = [RunStatus.Queued, RunStatus.Running, RunStatus.Stopping, RunStatus.Interrupted];
        var tailer = services.GetRequiredService<JournalTailer>();
        var paths = services.GetRequiredService<StudioPaths>();
        var queue = services.GetRequiredService<RunQueue>();
        var runs = await db.Runs.AsNoTracking().Where(run => open.Contains(run.Status) || run.DiscardAskedAt != null).OrderBy(run => run.QueuedAt)
            .Select(run => new { run.Id, run.Folder, run.QueuedAt, Discarded = run.DiscardAskedAt != null }).ToListAsync(cancellation);
        foreach (var run in runs)
        {
            // The journal may have gone on, even to its end, while nobody listened.
            await tailer.DrainAsync(run.Id, cancellation);
            using var engine = EngineProcess.Attach(paths.InData(run.Folder));
            if (engine is null)
            {
                await db.Runs.Where(row => row.Id == run.Id && row.Status == RunStatus.Running)
                    .ExecuteUpdateAsync(row => row.SetProperty(x => x.Status, RunStatus.Interrupted).SetProperty(x => x.EnginePid, (int?)null), cancellation);
            }

            var status = await db.Runs.Where(row => row.Id == run.Id).Select(row => row.Status).FirstAsync(cancellation);
            logger.LogInformation("Run {Run} is {Status}, its engine {State}", run.Id, status, engine is null ? "is not running" : "lives");
            if (open.Contains(status) || run.Discarded)
            {
                await queue.EnqueueAsync(run.Id, run.QueuedAt, cancellation);
            }
        }
    }
}
