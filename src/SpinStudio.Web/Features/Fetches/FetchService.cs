using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Hub;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>Downloads by the server for the current user's team: from a URL or a hub, into a completed upload (datasets) or a model.</summary>
public sealed class FetchService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, FetchWorker worker, FetchFeed feed, OutboundAddresses outbound, Quotas quotas, AuditLog audit, StudioPaths paths, TimeProvider time,
    ILogger<FetchService> logger)
{
    private const int LongestName = 200;
    private const int MostAtOnce = 20;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<FetchInfo>> ListAsync(FetchPurpose? purpose = null, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var fetches = await db.Fetches.AsNoTracking().Include(fetch => fetch.User).Where(fetch => fetch.TeamId == me.TeamId && (purpose == null || fetch.Purpose == purpose))
            .OrderByDescending(fetch => fetch.CreatedAt).Take(100).ToListAsync(cancellation);
        return [.. fetches.Select(worker.Info)];
    }

    public async Task<FetchInfo> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return worker.Info(await FindAsync(db, id, TeamRole.Viewer, cancellation));
    }

    /// <summary>What a repository of the hub offers, without downloading it.</summary>
    public async Task<HubOffer> LookAsync(FetchPurpose purpose, string repository, CancellationToken cancellation = default)
    {
        await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var listing = await ResolveAsync(purpose, repository, cancellation);
        var files = purpose == FetchPurpose.Model ? HubFiles.OfModel(listing) : [.. listing.Files.Where(file => HubFiles.IsData(file.Path))];
        return new HubOffer(listing.Repository.ToString(), listing.Commit, listing.License, files.Sum(file => file.Size), [.. files.Select(file => new HubOfferFile(file.Path, file.Size))]);
    }

    /// <summary>Starts a download in the background. What can be refused at once is.</summary>
    public async Task<FetchInfo> StartAsync(NewFetch request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var (address, file) = request.Source == FetchSource.Url
            ? (Refusable(() => outbound.Check(request.Address ?? "")).AbsoluteUri, null)
            : (Refusable(() => HubRepository.Parse(Kind(request.Purpose), request.Address ?? "")).ToString(), await ChosenFileAsync(request, cancellation));
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Fetches.CountAsync(fetch => fetch.TeamId == me.TeamId && (fetch.State == FetchState.Waiting || fetch.State == FetchState.Running), cancellation) >= MostAtOnce)
        {
            throw new StudioException(Refusal.Conflict, $"{MostAtOnce} downloads are under way or waiting; wait for one to end, or cancel one.");
        }

        // How large it is is known later; a team without any room need not begin.
        await quotas.RequireDiskAsync(me.TeamId, 1, "The download", cancellation);
        var fetch = new Fetch
        {
            TeamId = me.TeamId,
            UserId = me.Id,
            Purpose = request.Purpose,
            Source = request.Source,
            Address = address,
            File = file,
            Name = NameOf(request, address, file),
            CreatedAt = time.GetUtcNow(),
        };
        db.Fetches.Add(fetch);
        audit.Add(db, me, "fetch.start", fetch.Id, fetch.Name);
        await db.SaveChangesAsync(cancellation);
        worker.Enqueue(fetch.Id);
        return await ToldAsync(fetch.Id, cancellation);
    }

    /// <summary>Ends a download and deletes what has arrived.</summary>
    public async Task<FetchInfo> CancelAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var fetch = await FindAsync(db, id, TeamRole.Runner, cancellation);
        var now = time.GetUtcNow();
        var ended = await db.Fetches.Where(row => row.Id == id && (row.State == FetchState.Waiting || row.State == FetchState.Running || row.State == FetchState.Failed)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.State, FetchState.Cancelled).SetProperty(x => x.EndedAt, now), cancellation);
        if (ended == 0 && fetch.State != FetchState.Cancelled)
        {
            throw new StudioException(Refusal.Conflict, fetch.State == FetchState.Done ? $"{fetch.Name} has arrived already." : $"{fetch.Name} has arrived and is being checked; wait a moment.");
        }

        await worker.CancelAsync(id);
        await AuditAsync(db, "fetch.cancel", fetch, cancellation);
        return await ToldAsync(id, cancellation);
    }

    /// <summary>Starts a failed or cancelled download again; it goes on with what is on disk.</summary>
    public async Task<FetchInfo> RetryAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var fetch = await FindAsync(db, id, TeamRole.Runner, cancellation);
        if (worker.IsWorkingOn(id))
        {
            throw new StudioException(Refusal.Conflict, $"{fetch.Name} is still being ended; try again in a moment.");
        }

        var retried = await db.Fetches.Where(row => row.Id == id && (row.State == FetchState.Failed || row.State == FetchState.Cancelled)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.State, FetchState.Waiting).SetProperty(x => x.Error, (string?)null).SetProperty(x => x.EndedAt, (DateTimeOffset?)null), cancellation);
        if (retried == 0)
        {
            throw new StudioException(Refusal.Conflict, $"{fetch.Name} is {fetch.State}; only a failed or cancelled download can be tried again.");
        }

        await AuditAsync(db, "fetch.retry", fetch, cancellation);
        worker.Enqueue(id);
        return await ToldAsync(id, cancellation);
    }

    /// <summary>Takes an ended download off the list. What came of it stays.</summary>
    public async Task RemoveAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var fetch = await FindAsync(db, id, TeamRole.Runner, cancellation);
        if (worker.Info(fetch).Active)
        {
            throw new StudioException(Refusal.Conflict, $"{fetch.Name} is under way; cancel it first.");
        }

        await db.Fetches.Where(row => row.Id == id).ExecuteDeleteAsync(cancellation);
        await AuditAsync(db, "fetch.remove", fetch, cancellation);
        FetchWorker.DeleteFolder(FetchWorker.FolderOf(paths, id));
    }

    private async Task AuditAsync(StudioDb db, string action, Fetch fetch, CancellationToken cancellation)
    {
        audit.Add(db, await currentUser.RequireAsync(TeamRole.Runner, cancellation), action, fetch.Id, fetch.Name);
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>News of all downloads of the team. Callbacks do not overlap; they run off the component's thread.</summary>
    public async Task<IAsyncDisposable> SubscribeAsync(Func<FetchInfo, Task> onChange, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var listener = feed.Listen(me.TeamId);
        return new Subscription(logger, async stopping =>
        {
            using (listener)
            {
                await foreach (var (_, news) in listener.Channel.Reader.ReadAllAsync(stopping))
                {
                    await onChange(news);
                }
            }
        });
    }

    private async Task<Fetch> FindAsync(StudioDb db, Guid id, TeamRole role, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(role, cancellation);
        return await db.Fetches.AsNoTracking().Include(fetch => fetch.User).FirstOrDefaultAsync(fetch => fetch.Id == id && fetch.TeamId == me.TeamId, cancellation)
            ?? throw StudioException.NotFound("download");
    }

    private async Task<FetchInfo> ToldAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var fetch = await FindAsync(db, id, TeamRole.Viewer, cancellation);
        var info = worker.Info(fetch);
        feed.Publish(fetch.TeamId, info);
        return info;
    }

    /// <summary>The file of a dataset's repository: the one asked for, or the only one.</summary>
    private async Task<string?> ChosenFileAsync(NewFetch request, CancellationToken cancellation)
    {
        if (request.Purpose == FetchPurpose.Model)
        {
            return null;
        }

        var listing = await ResolveAsync(request.Purpose, request.Address, cancellation);
        List<string> files = [.. listing.Files.Where(file => HubFiles.IsData(file.Path)).Select(file => file.Path)];
        var chosen = string.IsNullOrWhiteSpace(request.File) ? null : request.File.Trim();
        return chosen is null && files is [var only] ? only
            : chosen is not null && files.Contains(chosen) ? chosen
            : throw new StudioException(Refusal.Invalid, files.Count == 0
                ? $"{listing.Repository} has no file with rows that can be read: JSON Lines, JSON, CSV or TSV."
                : $"{(chosen is null ? "" : $"There is no file {chosen} in {listing.Repository}. ")}Choose one of its files: {string.Join(", ", files.Take(10))}{(files.Count > 10 ? ", …" : "")}.");
    }

    private async Task<HubListing> ResolveAsync(FetchPurpose purpose, string repository, CancellationToken cancellation)
    {
        try
        {
            return await new HubClient(outbound.Http, outbound.Hub, time, patient: false).ResolveAsync(HubRepository.Parse(Kind(purpose), repository ?? ""), cancellation);
        }
        catch (Exception refused) when (refused is BadInputException or IOException)
        {
            throw new StudioException(Refusal.Invalid, Sentence(refused.Message));
        }
    }

    internal static HubKind Kind(FetchPurpose purpose) => purpose == FetchPurpose.Model ? HubKind.Model : HubKind.Dataset;

    internal static string Sentence(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..] + (words.EndsWith('.') ? "" : ".");

    private static T Refusable<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, Sentence(refused.Message));
        }
    }

    private static string NameOf(NewFetch request, string address, string? file)
    {
        var asked = request.Name?.Trim();
        if (!string.IsNullOrEmpty(asked))
        {
            return asked.Length <= LongestName && !asked.Any(char.IsControl) ? asked : throw new StudioException(Refusal.Invalid, $"A name has at most {LongestName} characters in one line.");
        }

        var name = file is not null ? Path.GetFileName(file) : request.Source == FetchSource.Hub ? address : Uri.UnescapeDataString(new Uri(address).Segments[^1]);
        var clean = new string([.. name.Where(c => !char.IsControl(c))]).Trim('/', ' ');
        return clean.Length == 0 ? "download" : clean[..Math.Min(clean.Length, LongestName)];
    }
}
