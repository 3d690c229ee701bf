using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Jobs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs;

/// <summary>
/// What people ask of a run that exists: stop, pause, resume, discard. Each transition names the states that it starts from, so that a run which moves on at that
/// moment is not torn back.
/// </summary>
public sealed class RunControl(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunService runs, RunQueue queue, RunSupervisor supervisor, RunDiscard discard, RunFeed feed,
    AuditLog audit, TimeProvider time)
{
    /// <summary>Stop and save: a waiting run leaves the queue, a running one writes a checkpoint and ends; both can be resumed.</summary>
    public async Task<RunSummary> StopAsync(Guid id, CancellationToken cancellation = default)
    {
        var (me, run, db) = await OpenAsync(id, cancellation);
        await using var _ = db;
        var now = time.GetUtcNow();
        var waiting = await db.Runs.Where(row => row.Id == id && (row.Status == RunStatus.Queued || row.Status == RunStatus.Paused)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, RunStatus.Stopped).SetProperty(x => x.EndedAt, x => x.EndedAt ?? now).SetProperty(x => x.StoppedById, me.Id)
                .SetProperty(x => x.PausedAt, (DateTimeOffset?)null).SetProperty(x => x.HeldAt, (DateTimeOffset?)null), cancellation);
        var working = waiting > 0 ? 0 : await db.Runs.Where(row => row.Id == id && (row.Status == RunStatus.Running || row.Status == RunStatus.Interrupted)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, RunStatus.Stopping).SetProperty(x => x.StoppedById, me.Id).SetProperty(x => x.PausedAt, (DateTimeOffset?)null), cancellation);
        if (waiting + working == 0)
        {
            var current = await runs.SummaryAsync(id, cancellation);
            return current.Status == RunStatus.Stopping ? current : throw new StudioException(Refusal.Conflict, $"{run.Name} is {current.Status}; only a waiting, running or paused run can be stopped.");
        }

        if (waiting > 0)
        {
            await queue.RemoveAsync(id, cancellation);
        }
        else
        {
            supervisor.StopRequested(id);
        }

        return await ToldAsync(db, me, "run.stop", run, cancellation);
    }

    /// <summary>Puts a running run aside with a checkpoint: its slot goes to the next one, and it comes back to the front of the queue when it is resumed.</summary>
    public async Task<RunSummary> PauseAsync(Guid id, CancellationToken cancellation = default)
    {
        var (me, run, db) = await OpenAsync(id, cancellation);
        await using var _ = db;
        DateTimeOffset? now = time.GetUtcNow();
        var working = await db.Runs.Where(row => row.Id == id && (row.Status == RunStatus.Running || row.Status == RunStatus.Interrupted)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, RunStatus.Stopping).SetProperty(x => x.PausedAt, now).SetProperty(x => x.PausedById, me.Id), cancellation);
        if (working == 0)
        {
            var current = await runs.SummaryAsync(id, cancellation);
            return current.PausedAt is not null
                ? current
                : throw new StudioException(Refusal.Conflict, $"{run.Name} is {current.Status}; only a running run can be paused. One that waits can be held.");
        }

        supervisor.StopRequested(id);
        return await ToldAsync(db, me, "run.pause", run, cancellation);
    }

    /// <summary>Queues a stopped, paused or failed run again; it continues from its last checkpoint. A paused one goes to the front.</summary>
    public async Task<RunSummary> ResumeAsync(Guid id, CancellationToken cancellation = default)
    {
        var (me, run, db) = await OpenAsync(id, cancellation);
        await using var _ = db;
        var place = run.Status == RunStatus.Paused ? await FrontAsync(db, me.TeamId, cancellation) : time.GetUtcNow();
        var resumed = await db.Runs
            .Where(row => row.Id == id && (row.Status == RunStatus.Stopped || row.Status == RunStatus.Failed || row.Status == RunStatus.Paused) && row.DiscardAskedAt == null && row.TrashedAt == null && row.PurgedAt == null)
            .ExecuteUpdateAsync(row => row
                .SetProperty(x => x.Status, RunStatus.Queued).SetProperty(x => x.QueuedAt, place).SetProperty(x => x.EndedAt, (DateTimeOffset?)null)
                .SetProperty(x => x.StoppedById, (Guid?)null).SetProperty(x => x.PausedAt, (DateTimeOffset?)null).SetProperty(x => x.PausedById, (Guid?)null).SetProperty(x => x.HeldAt, (DateTimeOffset?)null)
                .SetProperty(x => x.ResumesWithoutProgress, 0).SetProperty(x => x.FailureCause, (string?)null)
                .SetProperty(x => x.FailureMessage, (string?)null).SetProperty(x => x.FailureFixes, (string?)null).SetProperty(x => x.FailureLog, (string?)null), cancellation);
        if (resumed == 0)
        {
            var current = await runs.SummaryAsync(id, cancellation);
            return current.Active ? current : throw new StudioException(Refusal.Conflict, current switch
            {
                { PurgedAt: not null } => $"The files of {run.Name} are deleted, and its checkpoints with them; duplicate it to start anew.",
                { TrashedAt: not null } => $"{run.Name} is in the trash; restore it first.",
                _ => $"{run.Name} is {current.Status}; only a stopped, paused or failed run can be resumed.",
            });
        }

        await queue.EnqueueAsync(id, place, cancellation);
        return await ToldAsync(db, me, "run.resume", run, cancellation);
    }

    /// <summary>Ends a run without saving and deletes it with its curves, answers, checkpoints and models. Cannot be undone.</summary>
    /// <param name="confirmedName">Has to be the run's name.</param>
    public async Task DiscardAsync(Guid id, string confirmedName, CancellationToken cancellation = default)
    {
        var (me, run, db) = await OpenAsync(id, cancellation);
        await using var _ = db;
        if (confirmedName != run.Name)
        {
            throw new StudioException(Refusal.Invalid, $"To discard this run, confirm its name '{run.Name}' (got '{confirmedName}').");
        }

        if (await RunDiscard.UserAsync(db, id, cancellation) is { } user)
        {
            throw new StudioException(Refusal.Conflict, $"A model of this run is the starting model of {user}; stop and save instead, or delete that run first.");
        }

        DateTimeOffset? now = time.GetUtcNow();
        RunStatus[] working = [RunStatus.Running, RunStatus.Interrupted, RunStatus.Stopping];
        var ends = await db.Runs.Where(row => row.Id == id && working.Contains(row.Status)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, RunStatus.Stopping).SetProperty(x => x.DiscardAskedAt, now).SetProperty(x => x.StoppedById, me.Id), cancellation);
        audit.Add(db, me, "run.discard", id, run.Name);
        await db.SaveChangesAsync(cancellation);
        if (ends > 0)
        {
            supervisor.StopRequested(id, atOnce: true);
            await feed.StateChangedAsync(id, cancellation);
            return;
        }

        await db.Runs.Where(row => row.Id == id).ExecuteUpdateAsync(row => row.SetProperty(x => x.DiscardAskedAt, now), cancellation);
        await queue.RemoveAsync(id, cancellation);
        await discard.RemoveAsync(run);
    }

    /// <summary>A place before all runs of the team that wait.</summary>
    private async Task<DateTimeOffset> FrontAsync(StudioDb db, Guid teamId, CancellationToken cancellation)
    {
        var first = await db.Runs.Where(row => row.TeamId == teamId && row.Status == RunStatus.Queued).OrderBy(row => row.QueuedAt).Select(row => (DateTimeOffset?)row.QueuedAt).FirstOrDefaultAsync(cancellation);
        return first is { } place ? place.AddMilliseconds(-1) : time.GetUtcNow();
    }

    private async Task<(UserInfo Me, Run Run, StudioDb Db)> OpenAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var db = await databases.CreateDbContextAsync(cancellation);
        var run = await db.Runs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation);
        if (run is null)
        {
            await db.DisposeAsync();
            throw StudioException.NotFound("run");
        }

        return (me, run, db);
    }

    private async Task<RunSummary> ToldAsync(StudioDb db, UserInfo me, string action, Run run, CancellationToken cancellation)
    {
        audit.Add(db, me, action, run.Id, run.Name);
        await db.SaveChangesAsync(cancellation);
        await feed.StateChangedAsync(run.Id, cancellation);
        return await runs.SummaryAsync(run.Id, cancellation);
    }
}
