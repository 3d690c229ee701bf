using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Status;

namespace SpinStudio.Web.Features.Teams;

/// <summary>
/// What a team takes on disk: its uploads and downloads at their whole announced length, its dataset versions, its models, and the folders of its runs. What two teams
/// hold of the same bytes counts for both.
/// </summary>
public sealed class TeamDisk(IDbContextFactory<StudioDb> databases, StudioPaths paths, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, (long Bytes, DateTimeOffset At)> runs = new();

    /// <summary>Folders of runs as they were at most half a minute ago; all else as it is now.</summary>
    public async Task<long> BytesAsync(Guid teamId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        FetchState[] open = [FetchState.Waiting, FetchState.Running, FetchState.Checking];
        var uploads = await db.Uploads.Where(upload => upload.TeamId == teamId).SumAsync(upload => upload.Length, cancellation);
        var fetches = await db.Fetches.Where(fetch => fetch.TeamId == teamId && open.Contains(fetch.State)).SumAsync(fetch => fetch.TotalBytes ?? fetch.Bytes, cancellation);
        var datasets = await db.DatasetVersions.Where(version => version.Dataset!.TeamId == teamId).SumAsync(version => version.Bytes, cancellation);
        // Those that an iteration made lie in the folder of their run.
        var models = await db.Models.Where(model => model.TeamId == teamId && model.RunId == null).SumAsync(model => model.Bytes, cancellation);
        return uploads + fetches + datasets + models + await RunsAsync(db, teamId, cancellation);
    }

    private async Task<long> RunsAsync(StudioDb db, Guid teamId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (runs.TryGetValue(teamId, out var measured) && now - measured.At < Fresh)
        {
            return measured.Bytes;
        }

        var folders = await db.Runs.Where(run => run.TeamId == teamId && run.PurgedAt == null).Select(run => run.Folder).ToListAsync(cancellation);
        var bytes = await Task.Run(() => folders.Sum(folder => FolderSize.Of(paths.InData(folder))), cancellation);
        runs[teamId] = (bytes, now);
        return bytes;
    }
}
