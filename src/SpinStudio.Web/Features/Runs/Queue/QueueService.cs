using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Jobs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs.Queue;

/// <summary>
/// The queue of the current user's team. A run's place is its <see cref="Run.QueuedAt"/>; moving runs hands the same places round among the team's own, so that
/// no other team is overtaken. A run that fails or is stopped does not hold up those behind it.
/// </summary>
public sealed class QueueService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunQueue queue, RunFeed feed, AuditLog audit, IOptions<StudioOptions> options, TimeProvider time)
{
    private const double SecondsToSave = 10;

    public async Task<QueueView> GetAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var pause = await db.QueuePauses.AsNoTracking().FirstOrDefaultAsync(row => row.TeamId == me.TeamId, cancellation);
        var pausedBy = pause is null ? null : await db.Users.Where(user => user.Id == pause.PausedById).Select(user => user.UserName).FirstOrDefaultAsync(cancellation);
        var waiting = await RunView.SummariesAsync(db, Waiting(db, me.TeamId), cancellation);
        var paused = await RunView.SummariesAsync(db, db.Runs.Where(run => run.TeamId == me.TeamId && run.Status == RunStatus.Paused).OrderByDescending(run => run.PausedAt), cancellation);
        var starts = await StartsAsync(db, cancellation);
        var quota = await db.Teams.Where(team => team.Id == me.TeamId).Select(team => team.RunQuota).FirstAsync(cancellation);
        return new QueueView(pause?.PausedAt, pausedBy, options.Value.Slots, quota,
            [.. waiting.Select((run, index) => new QueuedRun(run, index + 1, starts.TryGetValue(run.Id, out var start) ? start : null))], paused);
    }

    /// <summary>Puts a waiting run at a place, from 1; the others keep their order.</summary>
    public async Task<QueueView> MoveAsync(Guid id, int place, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var runs = await Waiting(db, me.TeamId).ToListAsync(cancellation);
        var run = runs.Find(row => row.Id == id) ?? throw await NotWaitingAsync(db, me, id, cancellation);
        var places = Distinct([.. runs.Select(row => row.QueuedAt)]);
        runs.Remove(run);
        runs.Insert(Math.Clamp(place - 1, 0, runs.Count), run);
        var moved = runs.Where((row, index) => row.QueuedAt != places[index]).ToList();
        for (var index = 0; index < runs.Count; index++)
        {
            runs[index].QueuedAt = places[index];
        }

        audit.Add(db, me, "queue.move", id, run.Name);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await ScheduleAsync(db, me.TeamId, moved, cancellation);
        return await GetAsync(cancellation);
    }

    /// <summary>Keeps a waiting run from being started; it keeps its place.</summary>
    public async Task<QueueView> HoldAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        DateTimeOffset? now = time.GetUtcNow();
        var held = await db.Runs.Where(row => row.Id == id && row.TeamId == me.TeamId && row.Status == RunStatus.Queued)
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.HeldAt, x => x.HeldAt ?? now).SetProperty(x => x.HeldById, x => x.HeldById ?? me.Id), cancellation);
        if (held == 0)
        {
            throw await NotWaitingAsync(db, me, id, cancellation);
        }

        await queue.RemoveAsync(id, cancellation);
        await ToldAsync(db, me, "queue.hold", id, cancellation);
        return await GetAsync(cancellation);
    }

    /// <summary>Lets a held run go on waiting.</summary>
    public async Task<QueueView> ReleaseAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var released = await db.Runs.Where(row => row.Id == id && row.TeamId == me.TeamId && row.Status == RunStatus.Queued)
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.HeldAt, (DateTimeOffset?)null).SetProperty(x => x.HeldById, (Guid?)null), cancellation);
        if (released == 0)
        {
            throw await NotWaitingAsync(db, me, id, cancellation);
        }

        await ScheduleAsync(db, me.TeamId, await Waiting(db, me.TeamId).Where(row => row.Id == id).ToListAsync(cancellation), cancellation);
        await ToldAsync(db, me, "queue.release", id, cancellation);
        return await GetAsync(cancellation);
    }

    /// <summary>Runs that work go on; none that waits is started until the queue is opened again, also over restarts.</summary>
    public async Task<QueueView> PauseAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await db.QueuePauses.AnyAsync(pause => pause.TeamId == me.TeamId, cancellation))
        {
            db.QueuePauses.Add(new QueuePause { TeamId = me.TeamId, PausedById = me.Id, PausedAt = time.GetUtcNow() });
            audit.Add(db, me, "queue.pause", me.TeamId);
            try
            {
                await db.SaveChangesAsync(cancellation);
            }
            catch (DbUpdateException) when (db.QueuePauses.AsNoTracking().Any(pause => pause.TeamId == me.TeamId))
            {
                // Somebody else paused it at the same moment: it is paused, as asked.
            }
        }

        foreach (var run in await Waiting(db, me.TeamId).ToListAsync(cancellation))
        {
            await queue.RemoveAsync(run.Id, cancellation);
        }

        feed.QueueChanged(me.TeamId);
        return await GetAsync(cancellation);
    }

    public async Task<QueueView> OpenAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.QueuePauses.Where(pause => pause.TeamId == me.TeamId).ExecuteDeleteAsync(cancellation) > 0)
        {
            audit.Add(db, me, "queue.open", me.TeamId);
            await db.SaveChangesAsync(cancellation);
        }

        await ScheduleAsync(db, me.TeamId, await Waiting(db, me.TeamId).ToListAsync(cancellation), cancellation);
        feed.QueueChanged(me.TeamId);
        return await GetAsync(cancellation);
    }

    private static IQueryable<Run> Waiting(StudioDb db, Guid teamId) =>
        db.Runs.Where(run => run.TeamId == teamId && run.Status == RunStatus.Queued).OrderBy(run => run.QueuedAt).ThenBy(run => run.Id);

    /// <summary>The queue is the machine's: other teams' runs take slots too.</summary>
    private async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> StartsAsync(StudioDb db, CancellationToken cancellation)
    {
        var working = Quotas.Working;
        var now = time.GetUtcNow();
        var paused = await db.QueuePauses.Select(pause => pause.TeamId).ToListAsync(cancellation);
        var quotas = await db.Teams.Where(team => team.RunQuota != null).ToDictionaryAsync(team => team.Id, team => team.RunQuota!.Value, cancellation);
        var runs = await db.Runs.AsNoTracking()
            .Where(run => working.Contains(run.Status) || (run.Status == RunStatus.Queued && run.HeldAt == null))
            .OrderBy(run => run.QueuedAt).ThenBy(run => run.Id)
            .Select(run => new { run.Id, run.TeamId, run.Status, run.EtaSeconds, run.ExpectedSeconds, run.Overall }).ToListAsync(cancellation);
        return QueueForecast.Starts(
            now, options.Value.Slots,
            runs.Where(run => run.Status != RunStatus.Queued)
                .Select(run => new ForecastRun(run.Id, run.TeamId, run.Status == RunStatus.Stopping ? SecondsToSave : run.EtaSeconds ?? (run.ExpectedSeconds * (1 - run.Overall)))),
            runs.Where(run => run.Status == RunStatus.Queued && !paused.Contains(run.TeamId)).Select(run => new ForecastRun(run.Id, run.TeamId, run.ExpectedSeconds * (1 - run.Overall))),
            quotas);
    }

    /// <summary>Gives runs their times in the scheduler, if they may start.</summary>
    private async Task ScheduleAsync(StudioDb db, Guid teamId, IReadOnlyList<Run> runs, CancellationToken cancellation)
    {
        var paused = await db.QueuePauses.AnyAsync(pause => pause.TeamId == teamId, cancellation);
        foreach (var run in runs)
        {
            if (!paused && run.HeldAt is null)
            {
                await queue.EnqueueAsync(run.Id, run.QueuedAt, cancellation);
            }

            await feed.StateChangedAsync(run.Id, cancellation);
        }
    }

    private async Task ToldAsync(StudioDb db, UserInfo me, string action, Guid id, CancellationToken cancellation)
    {
        audit.Add(db, me, action, id, await db.Runs.Where(run => run.Id == id).Select(run => run.Name).FirstOrDefaultAsync(cancellation));
        await db.SaveChangesAsync(cancellation);
        await feed.StateChangedAsync(id, cancellation);
    }

    private static async Task<StudioException> NotWaitingAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation)
    {
        var run = await db.Runs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation);
        return run is null ? StudioException.NotFound("run") : new StudioException(Refusal.Conflict, $"{run.Name} is {run.Status} and no longer in the queue.");
    }

    /// <summary>The same times in order, each at least a millisecond after the one before.</summary>
    private static List<DateTimeOffset> Distinct(List<DateTimeOffset> places)
    {
        for (var index = 1; index < places.Count; index++)
        {
            if (places[index] <= places[index - 1])
            {
                places[index] = places[index - 1].AddMilliseconds(1);
            }
        }

        return places;
    }
}
