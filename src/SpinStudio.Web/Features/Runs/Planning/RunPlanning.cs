using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Servers;
using SpinStudio.Web.Features.Status;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <summary>Reckons what a run will do and checks what speaks against it, before anything is started.</summary>
public sealed class RunPlanning(
    IDbContextFactory<StudioDb> databases, StudioPaths paths, TemplateParity templates, DatasetCheck datasets, Quotas quotas, IOptions<StudioOptions> options, TimeProvider time)
{
    /// <summary>A checkpoint holds fp32 weights and up to two optimizer moments.</summary>
    private const int CheckpointBytesPerParameter = 12;

    /// <summary>Text and ids of a pair on disk, roughly.</summary>
    private const int BytesPerPair = 2500;

    internal async Task<RunPlan> PlanAsync(UserInfo me, NewRun request, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.FirstOrDefaultAsync(model => model.Id == request.ModelId && model.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("model");
        var version = await RunCreation.VersionAsync(db, me.TeamId, request, cancellation);
        var config = request.Config;

        var file = paths.InData(version.File);
        var fit = await templates.OfAsync(ModelService.FolderOf(model, paths), config.ChatTemplate, file, version.Rows);
        var facts = await datasets.OfAsync(file, version.HeldOutFile is null ? null : paths.InData(version.HeldOutFile));
        var work = RunWork.Of(config, version, fit.Tokens);
        var forecast = await RunTimes.ForecastAsync(db, model, work, cancellation);
        var (used, total) = MachineMeter.Memory();
        var memory = RunMemory.Of(config, model.Parameters, fit.Shape, Math.Min(fit.Tokens?.Total.Longest ?? config.MaxLength, config.MaxLength));
        var checks = new PlanChecks(config, model, work)
        {
            Fit = fit,
            Repeats = facts?.Statistics,
            WithoutRejected = facts?.WithoutRejected ?? 0,
            DiskBytes = Disk(config, model, work.Train),
            FreeDiskBytes = new DriveInfo(paths.Data).AvailableFreeSpace,
            QuotaLeftBytes = await quotas.LeftAsync(me.TeamId, cancellation),
            MemoryBytes = memory.Bytes,
            FreeMemoryBytes = total - used,
            MemoryTotalBytes = total,
            Device = await DeviceAsync(db, me.TeamId, cancellation),
            EndpointKnown = config.Generation.Endpoint is { } endpoint && await ServerService.AtAsync(db, me.TeamId, endpoint, cancellation) is not null,
        };
        return new RunPlan(work.Train, work.HeldOut, work.Steps, checks.DiskBytes, checks.FreeDiskBytes, checks.Findings())
        {
            Answers = work.Answers,
            Tokens = work.Tokens,
            Time = forecast,
            Memory = memory,
            FreeMemoryBytes = checks.FreeMemoryBytes,
            Example = fit.Example,
        };
    }

    private static long Disk(RunConfig config, Model model, int train)
    {
        long iterations = Math.Clamp(config.PlannedIterations(), 1, 1000);
        return ((iterations + 1) * model.Bytes) + (2 * CheckpointBytesPerParameter * model.Parameters) + (iterations * train * BytesPerPair);
    }

    /// <summary>Who holds the device, and until when.</summary>
    private async Task<DeviceState> DeviceAsync(StudioDb db, Guid teamId, CancellationToken cancellation)
    {
        RunStatus[] working = [RunStatus.Running, RunStatus.Interrupted, RunStatus.Stopping];
        var runs = await db.Runs.Where(run => working.Contains(run.Status)).Select(run => new { run.Name, run.TeamId, run.EtaSeconds }).ToListAsync(cancellation);
        var waiting = await db.Runs.CountAsync(run => run.Status == RunStatus.Queued && run.HeldAt == null, cancellation);
        var pausedBy = await db.QueuePauses.Where(pause => pause.TeamId == teamId)
            .Select(pause => db.Users.Where(user => user.Id == pause.PausedById).Select(user => user.UserName).FirstOrDefault() ?? "somebody").FirstOrDefaultAsync(cancellation);
        var soonest = runs.Where(run => run.EtaSeconds is not null).MinBy(run => run.EtaSeconds);
        return new DeviceState(
            runs.Count >= Math.Max(1, options.Value.Slots), runs.Find(run => run.TeamId == teamId)?.Name, waiting, soonest?.EtaSeconds is { } seconds ? time.GetUtcNow().AddSeconds(seconds) : null, pausedBy);
    }
}
