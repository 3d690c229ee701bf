using System.Globalization;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine.Hub;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>The work of one download: bring the bytes, then make an upload or a model of them.</summary>
public sealed class FetchDownload(OutboundAddresses outbound, UploadService uploads, ModelIntake intake, Quotas quotas, IOptions<StudioOptions> options, TimeProvider time)
{
    /// <summary>Kept free whatever is downloaded, so that runs can save their checkpoints.</summary>
    private const long DiskReserve = 1L << 30;

    /// <param name="folder">Its own; what is left of an earlier attempt is in it.</param>
    /// <param name="arrived">Called when everything is there; false: it was cancelled.</param>
    internal Task<FetchResult> RunAsync(Fetch fetch, string folder, FetchProgress progress, Func<Task<bool>> arrived, CancellationToken cancellation) =>
        fetch.Source == FetchSource.Url ? FromUrlAsync(fetch, folder, progress, arrived, cancellation) : FromHubAsync(fetch, folder, progress, arrived, cancellation);

    private async Task<FetchResult> FromUrlAsync(Fetch fetch, string folder, FetchProgress progress, Func<Task<bool>> arrived, CancellationToken cancellation)
    {
        var address = outbound.Check(fetch.Address);
        var file = Path.Combine(folder, "content");
        if (!File.Exists(file))
        {
            var limit = fetch.Purpose == FetchPurpose.Dataset ? options.Value.UploadLimitBytes : options.Value.ModelLimitBytes;
            var room = await RoomAsync(fetch, cancellation);
            var source = new HttpSource(outbound.Http, token: null, outbound.MayConnect, time);
            await new ResumableDownload(source).ToFileAsync(address, file, new ExpectedFile(Limit: limit), (bytes, total) =>
            {
                if (progress.TotalBytes is null && total is { } size)
                {
                    CheckDisk(folder, size - bytes);
                }

                CheckRoom(room, total ?? bytes);
                progress.Set(bytes, total);
            }, cancellation);
        }

        progress.Set(new FileInfo(file).Length, new FileInfo(file).Length);
        await ArrivedAsync(arrived);
        return fetch.Purpose == FetchPurpose.Dataset
            ? await UploadAsync(fetch, file, null)
            : await ModelAsync(fetch, null, () => intake.FromFilesAsync(Intake(fetch, ModelOrigin.Uploaded, $"{address.Host}{address.AbsolutePath}"), [new IncomingFile(fetch.Name, file)], CancellationToken.None));
    }

    private async Task<FetchResult> FromHubAsync(Fetch fetch, string folder, FetchProgress progress, Func<Task<bool>> arrived, CancellationToken cancellation)
    {
        var hub = new HubClient(outbound.Http, outbound.Hub, time);
        var listing = await hub.ResolveAsync(HubRepository.Parse(FetchService.Kind(fetch.Purpose), fetch.Address), cancellation);
        var files = fetch.Purpose == FetchPurpose.Model ? HubFiles.OfModel(listing) : [.. listing.Files.Where(file => file.Path == fetch.File)];
        if (files.Count == 0)
        {
            throw StudioException.NotFound($"file {fetch.File} in {listing.Repository} any more");
        }

        var total = files.Sum(file => file.Size);
        var limit = fetch.Purpose == FetchPurpose.Dataset ? options.Value.UploadLimitBytes : options.Value.ModelLimitBytes;
        if (total > limit)
        {
            throw new StudioException(Refusal.TooLarge, $"{listing.Repository} has {Gigabytes(total)}; up to {Gigabytes(limit)} are taken.");
        }

        CheckRoom(await RoomAsync(fetch, cancellation), total);
        CheckDisk(folder, total - new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length));
        long finished = 0;
        foreach (var file in files)
        {
            await hub.DownloadAsync(listing, file, Path.Combine(folder, Path.GetFileName(file.Path)), bytes => progress.Set(finished + bytes, total), cancellation);
            finished += file.Size;
        }

        progress.Set(finished, total);
        await ArrivedAsync(arrived);
        return fetch.Purpose == FetchPurpose.Dataset
            ? await UploadAsync(fetch, Path.Combine(folder, Path.GetFileName(files[0].Path)), listing.Commit)
            : await ModelAsync(fetch, listing.Commit, () => intake.FromFolderAsync(
                Intake(fetch, ModelOrigin.Hub, $"{listing.Repository.Name} at commit {listing.Commit}", listing.License), folder, [.. files.Select(file => file.Path)], CancellationToken.None));
    }

    private async Task<FetchResult> UploadAsync(Fetch fetch, string file, string? commit)
    {
        await uploads.AdoptAsync(fetch.Id, fetch.TeamId, fetch.UserId, fetch.Name, file);
        return new FetchResult(fetch.Id, null, commit);
    }

    private static async Task<FetchResult> ModelAsync(Fetch fetch, string? commit, Func<Task> take)
    {
        await take();
        return new FetchResult(null, fetch.Id, commit);
    }

    private static Intake Intake(Fetch fetch, ModelOrigin origin, string source, string? license = null) =>
        new(fetch.Id, new ModelMaker(fetch.TeamId, fetch.UserId, fetch.User?.UserName ?? ""), fetch.Name, origin, source, license);

    private static async Task ArrivedAsync(Func<Task<bool>> arrived)
    {
        if (!await arrived())
        {
            throw new StudioException(Refusal.Conflict, "The download was cancelled.");
        }
    }

    /// <summary>What this download may take within the team's quota; null: any. What an earlier attempt of it brought is counted as its own.</summary>
    private async Task<long?> RoomAsync(Fetch fetch, CancellationToken cancellation) => await quotas.LeftAsync(fetch.TeamId, cancellation) + (fetch.TotalBytes ?? fetch.Bytes);

    private static void CheckRoom(long? room, long bytes)
    {
        if (bytes > room)
        {
            throw new StudioException(Refusal.TooLarge, Quotas.Beyond("The download", bytes, room.Value));
        }
    }

    private static void CheckDisk(string folder, long needed)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (needed > free - DiskReserve)
        {
            throw new StudioException(Refusal.TooLarge, $"{Gigabytes(needed)} more are needed, but only {Gigabytes(free)} are free on the studio's disk, of which {Gigabytes(DiskReserve)} stay free; make room, then try again.");
        }
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB");
}
