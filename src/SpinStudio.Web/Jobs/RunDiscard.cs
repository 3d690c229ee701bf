using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Jobs;

/// <summary>Deletes a run whose discard was asked for, once no engine works on it.</summary>
public sealed class RunDiscard(IDbContextFactory<StudioDb> databases, RunFeed feed, StudioPaths paths, TimeProvider time, ILogger<RunDiscard> logger)
{
    /// <summary>The row goes first: a folder without a row does no harm.</summary>
    internal async Task RemoveAsync(Run run)
    {
        await using var db = await databases.CreateDbContextAsync();
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            if (await UserAsync(db, run.Id, CancellationToken.None) is { } user)
            {
                logger.LogWarning("{Run} is kept: {User} was started from one of its models meanwhile", run.Id, user);
                await db.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(row => row
                    .SetProperty(x => x.Status, RunStatus.Stopped).SetProperty(x => x.DiscardAskedAt, (DateTimeOffset?)null).SetProperty(x => x.EndedAt, time.GetUtcNow()));
                await transaction.CommitAsync();
                await feed.StateChangedAsync(run.Id, CancellationToken.None);
                return;
            }

            await db.Models.Where(model => model.RunId == run.Id).ExecuteDeleteAsync();
            await db.Runs.Where(row => row.Id == run.Id).ExecuteDeleteAsync();
            await transaction.CommitAsync();
        }

        if (Directory.Exists(paths.InData(run.Folder)))
        {
            Directory.Delete(paths.InData(run.Folder), recursive: true);
        }

        feed.Deleted(run.Id, run.TeamId);
    }

    /// <summary>Name of a run that starts from a model of this one; null when there is none.</summary>
    internal static Task<string?> UserAsync(StudioDb db, Guid runId, CancellationToken cancellation) => db.Runs
        .Where(other => other.Id != runId && db.Models.Any(model => model.RunId == runId && model.Id == other.ModelId))
        .Select(other => other.Name)
        .FirstOrDefaultAsync(cancellation);
}
