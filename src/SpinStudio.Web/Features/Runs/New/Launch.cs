using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>The runs of a sweep, in the order in which they start.</summary>
public sealed record SweepStarted(string Group, IReadOnlyList<RunSummary> Runs);

/// <summary>Starting what the form asks for: one run or a sweep, each once, however often it is asked.</summary>
public sealed class Launch(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunService runs, RunCreation creation, StudioPaths paths)
{
    /// <summary>Creates and queues all runs of a sweep. Repeated, it creates those that are missing.</summary>
    public async Task<SweepStarted> StartAsync(NewSweep sweep, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        if (sweep.Run?.Config is null || sweep.Axes is null)
        {
            throw new StudioException(Refusal.Invalid, "A sweep needs run, with its config, and axes.");
        }

        var group = sweep.Run.GroupName ?? sweep.Run.Config.Name.Trim();
        var started = new List<RunSummary>();
        foreach (var (index, run) in Sweep.Expand(sweep.Run.Config, sweep.Axes).Index())
        {
            var request = sweep.Run with
            {
                Config = run.Config with { Name = Sweep.NameOf(group, run) },
                ClientRequestId = OneOf(sweep.Run.ClientRequestId, index),
                GroupName = group,
            };
            started.Add(await runs.SummaryAsync(await creation.CreateAsync(me, request, cancellation), cancellation));
        }

        return new SweepStarted(group, started);
    }

    /// <summary>What a request has started so far: nothing, a run, or runs of a sweep. Tells somebody whose answer was lost.</summary>
    public async Task<IReadOnlyList<RunSummary>> FindAsync(string clientRequestId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        string[] ids = [clientRequestId, .. Enumerable.Range(0, Sweep.MostRuns).Select(index => OneOf(clientRequestId, index))];
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await RunView.SummariesAsync(db, db.Runs.Where(run => run.TeamId == me.TeamId && ids.Contains(run.ClientRequestId)).OrderBy(run => run.QueuedAt), cancellation);
    }

    /// <summary>The same run as shell lines, with the paths on this machine.</summary>
    public async Task<string> CommandAsync(NewRun run, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.FirstOrDefaultAsync(model => model.Id == run.ModelId && model.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("model");
        var version = await RunCreation.VersionAsync(db, me.TeamId, run, cancellation);
        return ConfigText.Command(run.Config with
        {
            Model = ModelService.FolderOf(model, paths),
            Dataset = paths.InData(version.File),
            HeldOut = version.HeldOutFile is null ? null : paths.InData(version.HeldOutFile),
        });
    }

    private static string OneOf(string requestId, int index) => $"{requestId}-{index}";
}
