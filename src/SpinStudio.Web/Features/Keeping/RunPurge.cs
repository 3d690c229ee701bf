using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Status;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Keeping;

/// <summary>Deletes the files of runs in the trash for good: the run folder with its models, checkpoints and pairs.</summary>
public sealed class RunPurge(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, RunFeed feed, StudioPaths paths, TimeProvider time, ILogger<RunPurge> logger)
{
    /// <summary>What purging would free, and what speaks against it.</summary>
    public async Task<PurgePreview> PreviewAsync(IReadOnlyList<Guid> ids, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        List<string> refused = [];
        long bytes = 0;
        var count = 0;
        foreach (var run in await RunKeeping.RunsAsync(db, me, ids, cancellation))
        {
            if (await ReasonAgainstAsync(db, run, cancellation) is { } reason)
            {
                refused.Add(reason);
                continue;
            }

            bytes += Bytes(run);
            count++;
        }

        return new PurgePreview(count, bytes, refused);
    }

    public async Task<PurgedRuns> PurgeAsync(PurgeRuns request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var ids = (request.Ids ?? []).Distinct().ToList();
        if (request.Count != ids.Count)
        {
            throw new StudioException(Refusal.Invalid, $"To delete for good, count must be the number of runs, {ids.Count} (got {request.Count}).");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        List<string> refused = [];
        long bytes = 0;
        var purged = 0;
        foreach (var run in await RunKeeping.RunsAsync(db, me, ids, cancellation))
        {
            var (freed, reason) = await PurgeAsync(run.Id, me, request.KeepHistory, cancellation);
            bytes += freed;
            purged += reason is null ? 1 : 0;
            if (reason is not null)
            {
                refused.Add(reason);
            }
        }

        return new PurgedRuns(purged, bytes, refused);
    }

    /// <summary>The rows first, then the files: files without a row do no harm, a row that promises files would.</summary>
    private async Task<(long Bytes, string? Refused)> PurgeAsync(Guid id, UserInfo me, bool keepHistory, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var run = await db.Runs.FirstAsync(run => run.Id == id && run.TeamId == me.TeamId, cancellation);
        if (await ReasonAgainstAsync(db, run, cancellation) is { } reason)
        {
            return (0, reason);
        }

        var bytes = Bytes(run);
        await db.Models.Where(model => model.RunId == id).ExecuteDeleteAsync(cancellation);
        if (keepHistory)
        {
            (run.PurgedAt, run.PurgedBytes, run.TrashedAt, run.TrashedById) = (time.GetUtcNow(), bytes, null, null);
        }
        else
        {
            db.Runs.Remove(run);
        }

        audit.Add(db, me, "run.purge", id, $"{run.Name}, {Components.Format.Bytes(bytes)}");
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        Delete(paths.InData(run.Folder));
        if (keepHistory)
        {
            await feed.StateChangedAsync(id, cancellation);
        }
        else
        {
            feed.Deleted(id, run.TeamId);
        }

        return (bytes, null);
    }

    /// <returns>Null when it may be purged.</returns>
    private static async Task<string?> ReasonAgainstAsync(StudioDb db, Run run, CancellationToken cancellation)
    {
        if (run.PurgedAt is not null && run.TrashedAt is null)
        {
            return $"The files of {run.Name} are deleted already; put the rest into the trash to remove its row too.";
        }

        if (run.TrashedAt is null)
        {
            return $"{run.Name} is not in the trash; put it there first.";
        }

        if (RunKeeping.Working.Contains(run.Status))
        {
            return $"{run.Name} is {run.Status}; stop it first.";
        }

        var user = await db.Runs.Where(other => other.Id != run.Id && db.Models.Any(model => model.RunId == run.Id && model.Id == other.ModelId)).Select(other => other.Name).FirstOrDefaultAsync(cancellation);
        return user is null ? null : $"{run.Name} stays: one of its models is the starting model of {user}.";
    }

    private long Bytes(Run run) => FolderSize.Of(paths.InData(run.Folder));

    private void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (IOException error)
        {
            logger.LogError(error, "{Folder} could not be deleted; it belongs to no run any more and can be deleted by hand", folder);
        }
    }
}
