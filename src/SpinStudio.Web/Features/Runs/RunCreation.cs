using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Jobs;
using SpinStudio.Web.Features.Runs.New;
using SpinStudio.Web.Features.Runs.Planning;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Makes a run: its row, its folder with <c>run.json</c>, and its place in the queue.</summary>
public sealed class RunCreation(
    IDbContextFactory<StudioDb> databases, RunPlanning planning, RunQueue queue, RunFeed feed, AuditLog audit, StudioPaths paths, TimeProvider time)
{
    private const int LongestRequestId = 64;
    private const int LongestGroupName = 200;

    internal async Task<Guid> CreateAsync(UserInfo me, NewRun request, CancellationToken cancellation)
    {
        CheckRequestId(request.ClientRequestId);
        if (request.GroupName is { Length: > LongestGroupName } group)
        {
            throw new StudioException(Refusal.Invalid, $"group_name has {group.Length} characters; {LongestGroupName} are the limit.");
        }

        if (await ExistingAsync(me.TeamId, request.ClientRequestId, cancellation) is { } existing)
        {
            return existing;
        }

        var plan = await planning.PlanAsync(me, request, cancellation);
        if (!plan.Startable)
        {
            throw new StudioException(Refusal.Invalid, string.Join("; ", plan.Findings.Where(finding => finding.Severity == Severity.Error).Select(finding => finding.Message)));
        }

        try
        {
            return await InsertAsync(me.TeamId, me, request, plan.Time.Seconds, cancellation);
        }
        catch (DbUpdateException)
        {
            // The same request won the race in another call.
            return await ExistingAsync(me.TeamId, request.ClientRequestId, cancellation) ?? throw new StudioException(Refusal.Conflict, "The run could not be saved; send the request again.");
        }
    }

    /// <summary>Creates without a person: the bundled first run.</summary>
    internal Task<Guid> CreateAsync(Guid teamId, NewRun request, CancellationToken cancellation) => InsertAsync(teamId, null, request, expectedSeconds: null, cancellation);

    /// <summary>The run that a request has made; null when it has made none.</summary>
    internal async Task<Guid?> ExistingAsync(Guid teamId, string requestId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.Where(run => run.TeamId == teamId && run.ClientRequestId == requestId).Select(run => (Guid?)run.Id).FirstOrDefaultAsync(cancellation);
    }

    private async Task<Guid> InsertAsync(Guid teamId, UserInfo? me, NewRun request, double? expectedSeconds, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.FirstOrDefaultAsync(model => model.Id == request.ModelId && model.TeamId == teamId, cancellation) ?? throw StudioException.NotFound("model");
        var version = await VersionAsync(db, teamId, request, cancellation);
        var changes = await ChangesAsync(db, teamId, request, cancellation);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7();
        var folder = new RunFolder(Path.Combine(paths.Runs, id.ToString("N")));
        var config = Resolve(request.Config, folder, ModelService.FolderOf(model, paths), version);

        var run = new Run
        {
            Id = id,
            TeamId = teamId,
            Name = config.Name,
            Kind = RunText.KindWord(config.Kind),
            Status = RunStatus.Queued,
            Config = JsonSerializer.Serialize(config, RunJson.Pretty),
            DatasetVersionId = version.Id,
            ModelId = model.Id,
            Iterations = config.PlannedIterations(),
            Folder = Path.GetRelativePath(paths.Data, folder.Root),
            ClientRequestId = request.ClientRequestId,
            CreatedById = me?.Id,
            CreatedAt = now,
            QueuedAt = now,
            ExpectedSeconds = expectedSeconds,
            ParentRunId = request.ParentRunId,
            ParentIteration = request.ParentIteration,
            ParentChanges = changes,
            GroupName = string.IsNullOrWhiteSpace(request.GroupName) ? null : request.GroupName.Trim(),
        };
        db.Runs.Add(run);
        if (me is not null)
        {
            audit.Add(db, me, "run.create", id, run.Name);
        }

        // The folder first: a row without a folder could not run, a folder without a row does no harm.
        Directory.CreateDirectory(folder.Root);
        RunConfigFile.Save(config, folder.Config);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            Directory.Delete(folder.Root, recursive: true);
            throw;
        }

        await queue.EnqueueAsync(id, now, cancellation);
        await feed.StateChangedAsync(id, cancellation);
        return id;
    }

    /// <summary>Fills in the paths, relative to the run folder, so that the data directory can be moved.</summary>
    private RunConfig Resolve(RunConfig config, RunFolder folder, string model, DatasetVersion version)
    {
        var heldOut = version.HeldOutFile is null ? null : paths.InData(version.HeldOutFile);
        return config with
        {
            Name = config.Name.Trim(),
            Model = Path.GetRelativePath(folder.Root, model),
            Dataset = Path.GetRelativePath(folder.Root, paths.InData(version.File)),
            HeldOut = heldOut is null ? null : Path.GetRelativePath(folder.Root, heldOut),
        };
    }

    internal static async Task<DatasetVersion> VersionAsync(StudioDb db, Guid teamId, NewRun request, CancellationToken cancellation) =>
        await db.DatasetVersions
            .Where(version => version.DatasetId == request.DatasetId && version.Dataset!.TeamId == teamId && (request.DatasetVersionId == null || version.Id == request.DatasetVersionId))
            .OrderByDescending(version => version.Number)
            .FirstOrDefaultAsync(cancellation)
        ?? throw StudioException.NotFound("dataset");

    /// <summary>What the new run changes of its parent's settings, as JSON; null without a parent.</summary>
    private static async Task<string?> ChangesAsync(StudioDb db, Guid teamId, NewRun request, CancellationToken cancellation)
    {
        if (request.ParentRunId is not { } parentId)
        {
            return request.ParentIteration is null ? null : throw new StudioException(Refusal.Invalid, "parent_iteration needs a parent_run_id.");
        }

        var parent = await db.Runs.AsNoTracking().FirstOrDefaultAsync(run => run.Id == parentId && run.TeamId == teamId, cancellation) ?? throw StudioException.NotFound("parent run");
        if (request.ParentIteration is { } iteration && !await db.Models.AnyAsync(model => model.RunId == parentId && model.Iteration == iteration && model.Id == request.ModelId, cancellation))
        {
            throw new StudioException(Refusal.Invalid, $"model_id is not the model of iteration {iteration} of {parent.Name}; branch with that model, or leave parent_iteration out.");
        }

        return JsonSerializer.Serialize(SettingChanges.Between(RunView.Config(parent), request.Config), RunJson.Line);
    }

    private static void CheckRequestId(string id)
    {
        if (string.IsNullOrWhiteSpace(id) || id.Length > LongestRequestId)
        {
            throw new StudioException(Refusal.Invalid, $"client_request_id must have 1 to {LongestRequestId} characters; a new UUID for each form is best.");
        }
    }
}
