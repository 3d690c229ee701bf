using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs.Planning;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Runs of the current user's team. Refusals are <see cref="StudioException"/>.</summary>
public sealed class RunService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunCreation creation, RunPlanning planning, StudioPaths paths)
{
    /// <param name="search">Only runs whose name contains this, whatever the case.</param>
    public async Task<Page<RunSummary>> ListAsync(
        int skip = 0, int take = 50, string? search = null, RunStatus? status = null, RunOrder order = RunOrder.Newest, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.Where(run => run.TeamId == me.TeamId && run.TrashedAt == null);
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = Like.Containing(search);
            runs = runs.Where(run => EF.Functions.Like(run.Name, pattern, Like.Escape));
        }

        if (status is { } wanted)
        {
            runs = runs.Where(run => run.Status == wanted);
        }

        var total = await runs.CountAsync(cancellation);
        var sorted = order switch
        {
            RunOrder.Oldest => runs.OrderBy(run => run.CreatedAt).ThenBy(run => run.Id),
            RunOrder.Name => runs.OrderBy(run => run.Name).ThenBy(run => run.Id),
            _ => runs.OrderByDescending(run => run.CreatedAt).ThenByDescending(run => run.Id),
        };
        var page = sorted.Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, 500));
        return new Page<RunSummary>(await RunView.SummariesAsync(db, page, cancellation), total);
    }

    /// <summary>Running first, then the queue in its order.</summary>
    public async Task<IReadOnlyList<RunSummary>> ActiveAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        RunStatus[] active = [RunStatus.Queued, RunStatus.Running, RunStatus.Stopping, RunStatus.Interrupted];
        return await RunView.SummariesAsync(db, db.Runs
            .Where(run => run.TeamId == me.TeamId && active.Contains(run.Status))
            .OrderBy(run => run.Status == RunStatus.Queued).ThenBy(run => run.QueuedAt), cancellation);
    }

    public async Task<RunSummary> SummaryAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await RunView.SummariesAsync(db, db.Runs.Where(run => run.Id == id && run.TeamId == me.TeamId), cancellation)).SingleOrDefault()
            ?? throw StudioException.NotFound("run");
    }

    public async Task<RunDetail> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var run = await FindAsync(db, id, TeamRole.Viewer, cancellation);
        var models = await db.Models.Where(model => model.RunId == id).ToDictionaryAsync(model => model.Iteration ?? 0, model => model.Id, cancellation);
        var phases = await RunView.PhasesAsync(db, id, cancellation);
        var iterations = await db.Iterations.Where(iteration => iteration.RunId == id).OrderBy(iteration => iteration.Number).AsNoTracking().ToListAsync(cancellation);
        return new RunDetail(
            (await RunView.SummaryAsync(db, id, cancellation))!, RunView.Config(run), run.Config, run.Device, RunView.Failure(run),
            [.. iterations.Select(row => RunView.Iteration(row, models, phases))],
            run.Status == RunStatus.Completed && models.Count > 0 ? models.MaxBy(pair => pair.Key).Value : null)
        {
            Parent = RunView.Parent(run, await db.Runs.Where(parent => parent.Id == run.ParentRunId).Select(parent => parent.Name).FirstOrDefaultAsync(cancellation)),
        };
    }

    /// <summary>What would happen, without doing it.</summary>
    public async Task<RunPlan> PlanAsync(NewRun run, CancellationToken cancellation = default) =>
        await planning.PlanAsync(await currentUser.RequireAsync(TeamRole.Viewer, cancellation), run, cancellation);

    /// <summary>Creates and queues a run. A repeated client request id returns the run of the first request.</summary>
    public async Task<RunSummary> CreateAsync(NewRun run, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var id = await creation.CreateAsync(me, run, cancellation);
        return await SummaryAsync(id, cancellation);
    }

    /// <summary>Bytes that deleting would free: show them in the confirmation.</summary>
    public async Task<long> BytesOnDiskAsync(Guid id, CancellationToken cancellation = default)
    {
        var folder = await FolderAsync(id, cancellation);
        return Directory.Exists(folder.Root) ? new DirectoryInfo(folder.Root).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
    }

    /// <summary>The last lines of the engine's output.</summary>
    public async Task<IReadOnlyList<string>> LogTailAsync(Guid id, int lines = 200, CancellationToken cancellation = default) =>
        EngineLog.Tail((await FolderAsync(id, cancellation)).Root, Math.Clamp(lines, 1, 5000));

    public async Task<IReadOnlyList<RunFile>> FilesAsync(Guid id, CancellationToken cancellation = default)
    {
        var root = (await FolderAsync(id, cancellation)).Root;
        return !Directory.Exists(root) ? [] : [.. new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(file => new RunFile(Path.GetRelativePath(root, file.FullName), file.Length, file.LastWriteTimeUtc))
            .OrderBy(file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>Where a file of the list lies; null when the list has no such name. Only names from the list are followed, so none leads out of the folder.</summary>
    internal async Task<string?> FileAsync(Guid id, string name, CancellationToken cancellation)
    {
        var root = (await FolderAsync(id, cancellation)).Root;
        return (await FilesAsync(id, cancellation)).Any(file => file.Name == name) ? StudioPaths.Within(root, name) : null;
    }

    /// <summary>The run folder of a run that the current user may see.</summary>
    internal async Task<RunFolder> FolderAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return new RunFolder(paths.InData((await FindAsync(db, id, TeamRole.Viewer, cancellation)).Folder));
    }

    private async Task<Run> FindAsync(StudioDb db, Guid id, TeamRole role, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(role, cancellation);
        return await db.Runs.AsNoTracking().FirstOrDefaultAsync(run => run.Id == id && run.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("run");
    }
}
