using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Servers;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Jobs;

/// <summary>
/// Keeps one run going until it has ended: starts its engine or finds the one that lives, brings its journal into the database, passes a stop on, and resumes
/// it when the engine is lost. What happened is read from the journal; the exit code only helps to explain a process that died without a word.
/// </summary>
public sealed class RunSupervisor(
    IDbContextFactory<StudioDb> databases, JournalTailer tailer, RunFeed feed, RunDiscard discard, TeamPlaces places, EngineLocation location, ServerRelays relays, StudioPaths paths, TimeProvider time,
    IOptions<StudioOptions> studio, IOptions<EngineOptions> engine, IHostApplicationLifetime lifetime, ILogger<RunSupervisor> logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BeforeResume = TimeSpan.FromSeconds(1);

    /// <summary>Runs that are to stop, and whether at once, without a checkpoint.</summary>
    private readonly ConcurrentDictionary<Guid, bool> stops = new();

    /// <summary>The run's row says Stopping; whoever supervises it passes that on to the engine.</summary>
    /// <param name="atOnce">Without a checkpoint: the run is to be discarded.</param>
    internal void StopRequested(Guid runId, bool atOnce = false) => stops[runId] = atOnce;

    /// <summary>Returns when the run has ended, or when the studio shuts down.</summary>
    internal async Task SuperviseAsync(Guid runId)
    {
        try
        {
            while (!lifetime.ApplicationStopping.IsCancellationRequested && await PrepareAsync(runId) is { } run)
            {
                if (!await WorkAsync(run))
                {
                    return;
                }
            }
        }
        finally
        {
            stops.TryRemove(runId, out _);
            if (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await places.LeaveAsync(runId);
            }
        }
    }

    /// <summary>The run if it is to be worked on now.</summary>
    private async Task<Run?> PrepareAsync(Guid runId)
    {
        await tailer.DrainAsync(runId);
        await using var db = await databases.CreateDbContextAsync();
        var run = await db.Runs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == runId);
        if (run is { Status: RunStatus.Stopping } or { DiscardAskedAt: not null } && EngineProcess.Attach(paths.InData(run.Folder)) is null)
        {
            await EndStoppedAsync(run);
            return null;
        }

        // A run that is held, or whose queue stands still, gets a new place in the scheduler when it is let go.
        if (run is { Status: RunStatus.Queued } && (run.HeldAt is not null || await db.QueuePauses.AnyAsync(pause => pause.TeamId == run.TeamId)))
        {
            return null;
        }

        return run is { Status: RunStatus.Queued or RunStatus.Running or RunStatus.Interrupted or RunStatus.Stopping } && await places.TakeAsync(run) ? run : null;
    }

    /// <summary>One engine process from beginning to end. True when the run needs another one.</summary>
    private async Task<bool> WorkAsync(Run run)
    {
        var folder = new RunFolder(paths.InData(run.Folder));
        await using var relay = await relays.OpenAsync(run);
        EngineProcess process;
        try
        {
            process = EngineProcess.Attach(folder.Root) ?? Start(run.Id, folder);
        }
        catch (Exception cannotStart) when (cannotStart is IOException or System.ComponentModel.Win32Exception or UnauthorizedAccessException)
        {
            await FailAsync(run, new FailedEvent("internal", $"The engine could not be started: {cannotStart.Message}", ["Run './studio cli doctor' to see what is missing."]));
            return false;
        }

        using (process)
        {
            var claimed = await ClaimAsync(run, process);
            await FollowAsync(run, process, folder, stopping: !claimed);
            if (!process.HasExited)
            {
                return false;
            }

            await tailer.DrainAsync(run.Id);
            return await ConcludeAsync(run, process, folder);
        }
    }

    private EngineProcess Start(Guid runId, RunFolder folder)
    {
        EngineLog.Bound(folder.Root);
        var process = EngineProcess.Start(location.Find(), folder.Root, resume: File.Exists(folder.Journal), engine.Value.Niceness, relays.SocketOf(runId, folder.Root));
        logger.LogInformation("Engine {Pid} works on {Folder}", process.Pid, folder.Root);
        return process;
    }

    /// <summary>Marks the run as running. False when it was stopped or deleted while its engine was being started.</summary>
    private async Task<bool> ClaimAsync(Run run, EngineProcess process)
    {
        await using var db = await databases.CreateDbContextAsync();
        var now = time.GetUtcNow();
        await db.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(row => row
            .SetProperty(x => x.EnginePid, process.Pid).SetProperty(x => x.EndedAt, (DateTimeOffset?)null).SetProperty(x => x.StartedAt, x => x.StartedAt ?? now));
        var claimed = await db.Runs
            .Where(row => row.Id == run.Id && (row.Status == RunStatus.Queued || row.Status == RunStatus.Interrupted || row.Status == RunStatus.Running))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.Status, RunStatus.Running).SetProperty(x => x.HeldAt, (DateTimeOffset?)null));
        await feed.StateChangedAsync(run.Id, CancellationToken.None);
        return claimed > 0;
    }

    /// <summary>Brings in the journal while the engine works. Returns early only when the studio shuts down and the engine takes its time.</summary>
    private async Task FollowAsync(Run run, EngineProcess process, RunFolder folder, bool stopping)
    {
        var shutdown = lifetime.ApplicationStopping;
        var asked = new Stopwatch();
        var atOnce = run.DiscardAskedAt is not null;
        while (!process.HasExited)
        {
            await tailer.DrainAsync(run.Id);
            EngineLog.Bound(folder.Root);
            if (stops.TryRemove(run.Id, out var discarded))
            {
                stopping = true;
                atOnce |= discarded;
            }

            if (atOnce)
            {
                process.Kill();
            }
            else if ((stopping || shutdown.IsCancellationRequested) && !asked.IsRunning)
            {
                asked.Start();
                process.Terminate();
            }

            if (stopping && asked.Elapsed.TotalSeconds > studio.Value.StopSeconds)
            {
                logger.LogWarning("Engine {Pid} did not end within {Seconds} s and is killed; the run keeps its last checkpoint", process.Pid, studio.Value.StopSeconds);
                process.Kill();
            }

            if (shutdown.IsCancellationRequested && asked.Elapsed.TotalSeconds > studio.Value.ShutdownSeconds)
            {
                logger.LogWarning("Engine {Pid} is still saving; it will end on its own", process.Pid);
                return;
            }

            await Task.Delay(Poll);
        }
    }

    /// <summary>What the end of a process means for its run. True when another process is to continue it.</summary>
    private async Task<bool> ConcludeAsync(Run before, EngineProcess process, RunFolder folder)
    {
        await using var db = await databases.CreateDbContextAsync();
        await db.Runs.Where(row => row.Id == before.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.EnginePid, (int?)null));
        var run = await db.Runs.AsNoTracking().FirstOrDefaultAsync(row => row.Id == before.Id);
        if (run is { DiscardAskedAt: not null })
        {
            await EndStoppedAsync(run);
            return false;
        }

        switch (run?.Status)
        {
            case RunStatus.Failed:
                await db.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.FailureLog, string.Join('\n', EngineLog.Tail(folder.Root, LostEngine.LogLines))));
                await feed.StateChangedAsync(run.Id, CancellationToken.None);
                return false;
            case RunStatus.Stopping:
                await EndStoppedAsync(run);
                return false;
            case RunStatus.Interrupted or RunStatus.Running:
                return await ResumeAsync(run, process, folder);
            default:
                return false;
        }
    }

    /// <summary>The engine went away without finishing and without being asked by a person.</summary>
    private async Task<bool> ResumeAsync(Run run, EngineProcess process, RunFolder folder)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await EndAsync(run, RunStatus.Interrupted);
            return false;
        }

        var log = EngineLog.Tail(folder.Root, LostEngine.LogLines);
        if (process.ExitCode == RunFolder.BadInputExitCode)
        {
            await FailAsync(run, LostEngine.BadInput(log));
            return false;
        }

        if (run.ResumesWithoutProgress >= studio.Value.MaxResumes)
        {
            await FailAsync(run, LostEngine.Describe(process.ExitCode, run.ResumesWithoutProgress));
            return false;
        }

        logger.LogWarning("Engine {Pid} of {Run} went away (exit code {ExitCode}); resuming", process.Pid, run.Id, process.ExitCode);
        await using var db = await databases.CreateDbContextAsync();
        await db.Runs.Where(row => row.Id == run.Id && (row.Status == RunStatus.Running || row.Status == RunStatus.Interrupted)).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, RunStatus.Interrupted).SetProperty(x => x.ResumesWithoutProgress, x => x.ResumesWithoutProgress + 1));
        await feed.StateChangedAsync(run.Id, CancellationToken.None);
        await Task.Delay(BeforeResume);
        return true;
    }

    /// <summary>The engine is gone, as a person wanted: stopped, paused or discarded.</summary>
    private Task EndStoppedAsync(Run run) =>
        run.DiscardAskedAt is not null ? discard.RemoveAsync(run) : EndAsync(run, run.PausedAt is null ? RunStatus.Stopped : RunStatus.Paused);

    private async Task EndAsync(Run run, RunStatus status)
    {
        await using var db = await databases.CreateDbContextAsync();
        DateTimeOffset? ended = status is RunStatus.Stopped or RunStatus.Paused ? time.GetUtcNow() : null;
        await db.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(
            row => row.SetProperty(x => x.Status, status).SetProperty(x => x.EndedAt, ended).SetProperty(x => x.EtaSeconds, (double?)null));
        await feed.StateChangedAsync(run.Id, CancellationToken.None);
    }

    private async Task FailAsync(Run run, FailedEvent failure)
    {
        await using var db = await databases.CreateDbContextAsync();
        var log = string.Join('\n', EngineLog.Tail(paths.InData(run.Folder), LostEngine.LogLines));
        await db.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(row => row
            .SetProperty(x => x.Status, RunStatus.Failed).SetProperty(x => x.EndedAt, time.GetUtcNow()).SetProperty(x => x.EtaSeconds, (double?)null)
            .SetProperty(x => x.FailureCause, failure.Cause).SetProperty(x => x.FailureMessage, failure.Message)
            .SetProperty(x => x.FailureFixes, string.Join('\n', failure.Fixes)).SetProperty(x => x.FailureLog, log));
        await feed.StateChangedAsync(run.Id, CancellationToken.None);
    }
}
