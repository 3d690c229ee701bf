using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>
/// Works on downloads in the background, some at a time. Its list is the database: what was under way when the studio stopped goes on when it starts, from the bytes on disk.
/// </summary>
public sealed class FetchWorker(
    IDbContextFactory<StudioDb> databases, IServiceScopeFactory scopes, FetchFeed feed, StudioPaths paths, IOptions<StudioOptions> options, TimeProvider time, ILogger<FetchWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Told = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Saved = TimeSpan.FromSeconds(2);

    private readonly Channel<Guid> queue = Channel.CreateUnbounded<Guid>();
    private readonly ConcurrentDictionary<Guid, Work> works = new();

    internal static string FolderOf(StudioPaths paths, Guid id) => Path.Combine(paths.Fetches, id.ToString("N"));

    internal static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal void Enqueue(Guid id) => queue.Writer.TryWrite(id);

    internal bool IsWorkingOn(Guid id) => works.ContainsKey(id);

    /// <summary>Ends the work on a download and deletes its bytes.</summary>
    internal async Task CancelAsync(Guid id)
    {
        if (works.TryGetValue(id, out var work))
        {
            await work.Stop.CancelAsync();
        }
        else
        {
            DeleteFolder(FolderOf(paths, id));
        }
    }

    /// <summary>The row, with what is known of it this moment.</summary>
    internal FetchInfo Info(Fetch fetch)
    {
        var progress = fetch.State == FetchState.Running && works.TryGetValue(fetch.Id, out var work) ? work.Progress : null;
        var (bytes, total, rate) = (Math.Max(progress?.Bytes ?? 0, fetch.Bytes), progress?.TotalBytes ?? fetch.TotalBytes, progress?.BytesPerSecond);
        return new FetchInfo(
            fetch.Id, fetch.Purpose, fetch.Source, fetch.Address, fetch.File, fetch.Name, fetch.State, fetch.Commit, bytes, total, rate,
            rate > 0 && total is { } all ? (all - bytes) / rate : null, fetch.Error, fetch.UploadId, fetch.ModelId, fetch.User?.UserName, fetch.CreatedAt, fetch.EndedAt);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using (var db = await databases.CreateDbContextAsync(stoppingToken))
        {
            FetchState[] open = [FetchState.Waiting, FetchState.Running, FetchState.Checking];
            foreach (var id in await db.Fetches.Where(fetch => open.Contains(fetch.State)).OrderBy(fetch => fetch.CreatedAt).Select(fetch => fetch.Id).ToListAsync(stoppingToken))
            {
                Enqueue(id);
            }

            var known = (await db.Fetches.Select(fetch => fetch.Id).ToListAsync(stoppingToken)).Select(id => FolderOf(paths, id)).ToHashSet(StringComparer.Ordinal);
            foreach (var orphan in Directory.EnumerateDirectories(paths.Fetches).Where(folder => !known.Contains(folder)).ToList())
            {
                DeleteFolder(orphan);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Math.Max(1, options.Value.FetchSlots)).Select(_ => ConsumeAsync(stoppingToken)));
    }

    private async Task ConsumeAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var id in queue.Reader.ReadAllAsync(stopping))
            {
                await WorkSafelyAsync(id, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.LogDebug("Downloads rest until the studio starts again");
        }
    }

    /// <summary>Nothing that goes wrong around one download may end the others.</summary>
    private async Task WorkSafelyAsync(Guid id, CancellationToken stopping)
    {
        try
        {
            await WorkAsync(id, stopping);
        }
#pragma warning disable CA1031 // It is logged, and the row is taken up again when the studio starts.
        catch (Exception fault) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.LogError(fault, "Download {Fetch} was left", id);
        }
    }

    private async Task WorkAsync(Guid id, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var work = new Work(stop, new FetchProgress(time));
        if (!works.TryAdd(id, work))
        {
            return;
        }

        try
        {
            if (await BeginAsync(id, stopping) is not { } fetch)
            {
                return;
            }

            await using var scope = scopes.CreateAsyncScope();
            var telling = TellAsync(fetch, work, stop.Token);
            var end = await EndOfAsync(fetch, scope.ServiceProvider.GetRequiredService<FetchDownload>(), work, stop.Token);
            await stop.CancelAsync();
            await telling;
            if (!stopping.IsCancellationRequested || end.State != FetchState.Cancelled)
            {
                await FinishAsync(fetch, end, work.Progress);
            }
        }
        finally
        {
            works.TryRemove(id, out _);
        }

        await TellStateAsync(id);
    }

    private async Task<Fetch?> BeginAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        FetchState[] open = [FetchState.Waiting, FetchState.Running, FetchState.Checking];
        var begun = await db.Fetches.Where(row => row.Id == id && open.Contains(row.State)).ExecuteUpdateAsync(row => row.SetProperty(x => x.State, FetchState.Running), cancellation);
        var fetch = begun == 0 ? null : await db.Fetches.AsNoTracking().Include(row => row.User).FirstOrDefaultAsync(row => row.Id == id, cancellation);
        if (fetch is not null)
        {
            Directory.CreateDirectory(FolderOf(paths, id));
            feed.Publish(fetch.TeamId, Info(fetch));
        }

        return fetch;
    }

    private async Task<End> EndOfAsync(Fetch fetch, FetchDownload download, Work work, CancellationToken cancellation)
    {
        try
        {
            var result = await download.RunAsync(fetch, FolderOf(paths, fetch.Id), work.Progress, () => CheckingAsync(fetch), cancellation);
            return new End(FetchState.Done, null, result);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new End(FetchState.Cancelled, null, null);
        }
        catch (Exception refused) when (refused is BadInputException or StudioException or IOException)
        {
            return new End(FetchState.Failed, FetchService.Sentence(refused.Message), null);
        }
#pragma warning disable CA1031 // A fault of ours in one download must neither end the others nor leave a row that says it runs.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            logger.LogError(fault, "Download {Fetch} failed", fetch.Id);
            return new End(FetchState.Failed, $"An error of the studio ({fault.GetType().Name}); its log says more. Try again.", null);
        }
    }

    /// <summary>From here on it cannot be cancelled: false when it was before.</summary>
    private async Task<bool> CheckingAsync(Fetch fetch)
    {
        await using var db = await databases.CreateDbContextAsync();
        var passed = await db.Fetches.Where(row => row.Id == fetch.Id && row.State == FetchState.Running).ExecuteUpdateAsync(row => row.SetProperty(x => x.State, FetchState.Checking)) > 0;
        await TellStateAsync(fetch.Id);
        return passed;
    }

    private async Task FinishAsync(Fetch fetch, End end, FetchProgress progress)
    {
        await using var db = await databases.CreateDbContextAsync();
        var ended = 0;
        if (end.State != FetchState.Cancelled)
        {
            ended = await db.Fetches.Where(row => row.Id == fetch.Id && row.State != FetchState.Cancelled).ExecuteUpdateAsync(row => row
                .SetProperty(x => x.State, end.State).SetProperty(x => x.Error, end.Error).SetProperty(x => x.EndedAt, time.GetUtcNow())
                .SetProperty(x => x.Bytes, progress.Bytes).SetProperty(x => x.TotalBytes, progress.TotalBytes)
                .SetProperty(x => x.UploadId, end.Result == null ? null : end.Result.UploadId).SetProperty(x => x.ModelId, end.Result == null ? null : end.Result.ModelId)
                .SetProperty(x => x.Commit, x => end.Result == null ? x.Commit : end.Result.Commit));
        }

        // A failed one goes on from what it has, unless it was cancelled at the last moment.
        if (end.State != FetchState.Failed || ended == 0)
        {
            DeleteFolder(FolderOf(paths, fetch.Id));
        }
    }

    /// <summary>While bytes arrive: to pages four times a second, to the database every other second.</summary>
    private async Task TellAsync(Fetch fetch, Work work, CancellationToken cancellation)
    {
        var saved = time.GetTimestamp();
        using var timer = new PeriodicTimer(Told, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                var (bytes, total) = (work.Progress.Bytes, work.Progress.TotalBytes);
                if (time.GetElapsedTime(saved) > Saved)
                {
                    saved = time.GetTimestamp();
                    await using var db = await databases.CreateDbContextAsync(cancellation);
                    await db.Fetches.Where(row => row.Id == fetch.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.Bytes, bytes).SetProperty(x => x.TotalBytes, total), cancellation);
                }

                await TellStateAsync(fetch.Id);
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("Download {Fetch} tells no more", fetch.Id);
        }
    }

    private async Task TellStateAsync(Guid id)
    {
        await using var db = await databases.CreateDbContextAsync();
        if (await db.Fetches.AsNoTracking().Include(row => row.User).FirstOrDefaultAsync(row => row.Id == id) is { } fetch)
        {
            feed.Publish(fetch.TeamId, Info(fetch));
        }
    }

    private sealed record Work(CancellationTokenSource Stop, FetchProgress Progress);

    private sealed record End(FetchState State, string? Error, FetchResult? Result);
}

/// <summary>What a download became.</summary>
internal sealed record FetchResult(Guid? UploadId, Guid? ModelId, string? Commit);
