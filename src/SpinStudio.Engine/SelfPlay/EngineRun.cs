using System.Text.Json;
using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Generation.Elsewhere;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>How an engine process left its run.</summary>
public enum RunOutcome
{
    /// <summary>All iterations are done.</summary>
    Finished,

    /// <summary>Stopped on request with a checkpoint: start it again with resume.</summary>
    Stopped,

    /// <summary>Failed; the journal's last event says why.</summary>
    Failed,
}

/// <summary>One engine process working on a run folder: takes the lease, opens the journal, plays the run, and tells how it ended.</summary>
public static class EngineRun
{
    /// <summary>Rank 0: plays the run and tells it.</summary>
    /// <param name="resume">Go on with a run that the folder holds; without it a folder with a journal is refused.</param>
    /// <param name="told">Called with each event as it is written.</param>
    /// <param name="stop">Asks for a checkpoint and an end.</param>
    /// <exception cref="BadInputException">The folder is in use or holds another run. What is refused after the journal was opened is told in it as well.</exception>
    public static RunOutcome Play(RunConfig config, RunFolder folder, bool resume, Action<JournalEvent>? told = null, CancellationToken stop = default) =>
        Play(config, folder, resume, Ranks.Alone, told, stop);

    /// <inheritdoc cref="Play(RunConfig, RunFolder, bool, Action{JournalEvent}?, CancellationToken)"/>
    public static RunOutcome Play(RunConfig config, RunFolder folder, bool resume, Ranks ranks, Action<JournalEvent>? told = null, CancellationToken stop = default)
    {
        Directory.CreateDirectory(folder.Root);
        using var lease = RunLease.Take(folder);
        if (!resume && File.Exists(folder.Journal) && new FileInfo(folder.Journal).Length > 0)
            throw new BadInputException($"{folder.Root} already holds a run; pass --resume to go on with it, or choose another folder");
        using var journal = new Journal(folder);
        var now = "its start";
        journal.Written += entry => now = PlaceOf(entry) ?? now;
        journal.Written += told;
        ranks.Vanished += rank =>
        {
            Lose(journal, [rank], now);
            LocalRanks.EndAtOnce(RunFolder.ResumableExitCode);
        };
        try
        {
            var kept = Work(config, folder, journal, ranks, stop);
            journal.Write(new FinishedEvent(Path.GetRelativePath(folder.Root, folder.Model(kept)), journal.SecondsWorked()));
            return RunOutcome.Finished;
        }
        catch (OperationCanceledException)
        {
            journal.Write(new StoppedEvent("asked to stop"));
            return RunOutcome.Stopped;
        }
        catch (RankLostException)
        {
            var cause = ranks.Cause(out var lost);
            if (cause is not { } word)
            {
                Lose(journal, lost, now);
                return RunOutcome.Stopped;
            }
            journal.Write(word.Failure with { Message = $"Rank {word.Rank}: {word.Failure.Message}" });
            return RunOutcome.Failed;
        }
        catch (Exception e)
        {
            journal.Write(FailureOf(e, config, folder));
            if (e is BadInputException) throw;
            return RunOutcome.Failed;
        }
        finally
        {
            journal.Sync();
        }
    }

    /// <summary>Another rank than 0: takes its share of the work, writes nothing. What goes wrong here is told by rank 0.</summary>
    public static RunOutcome Assist(RunConfig config, RunFolder folder, Ranks ranks, CancellationToken stop = default)
    {
        ranks.Vanished += _ =>
        {
            Console.Error.WriteLine($"spinstudio: rank {ranks.Rank} has not heard of rank 0 for a minute and ends; resume the run");
            LocalRanks.EndAtOnce(RunFolder.ResumableExitCode);
        };
        try
        {
            using var journal = Journal.Untold();
            Work(config, folder, journal, ranks, stop);
            return RunOutcome.Finished;
        }
        catch (Exception e) when (e is OperationCanceledException or RankLostException)
        {
            return RunOutcome.Stopped;
        }
        catch (Exception e)
        {
            ranks.Fail(FailureOf(e, config, folder));
            return RunOutcome.Failed;
        }
    }

    /// <returns>The iteration whose model to keep.</returns>
    private static int Work(RunConfig config, RunFolder folder, Journal journal, Ranks ranks, CancellationToken stop)
    {
        torch.set_num_threads(ranks.Threads(config.Threads));
        var device = ComputeDevice.Use(config.Device, ranks.LocalRank);
        journal.Write(new StartedEvent(
            journal.HasHistory, RunPreparation.EngineVersion, torch.version, device, config.Dtype == Precision.Bf16 ? "bf16" : "fp32", torch.get_num_threads(), Environment.ProcessId, ranks.Count));
        ranks.RequireSame(JsonSerializer.Serialize(config, RunJson.Line), "The run config and engine");
        ranks.Once(() => RunPreparation.Prepare(config, folder));
        if (ranks.Any(stop.IsCancellationRequested)) throw new OperationCanceledException(stop);

        using var run = new RunContext(folder, config, journal, ranks, stop);
        var kept = config.Kind switch
        {
            RunKind.Spin => new SpinRun(run).Play(),
            RunKind.Dpo => new DpoRun(run).Play(),
            _ => new SftRun(run).Play(),
        };
        ranks.Wait();
        return kept;
    }

    /// <summary>The run can go on from its newest checkpoint: nothing failed in it.</summary>
    private static void Lose(Journal journal, IReadOnlyList<int> ranks, string now)
    {
        var who = ranks.Count == 0 ? "a rank was" : ranks.Count == 1 ? $"rank {ranks[0]} was" : $"ranks {string.Join(", ", ranks)} were";
        journal.Write(new StoppedEvent($"{who} lost during {now}; resume with --resume, with as many ranks or another number"));
        journal.Sync();
    }

    /// <summary>Where the run is, after an event that tells.</summary>
    private static string? PlaceOf(JournalEvent entry) => entry switch
    {
        PhaseEvent { State: PhaseState.Started } e => $"the {e.Phase.ToString().ToLowerInvariant()} phase of iteration {e.Iteration}",
        MetricsEvent e => $"step {e.Step + 1} of iteration {e.Iteration}",
        _ => null,
    };

    /// <summary>The failure in plain words, with what to try.</summary>
    private static FailedEvent FailureOf(Exception e, RunConfig config, RunFolder folder) => e switch
    {
        BadInputException => new FailedEvent("bad_input", e.Message, []),
        EndpointException => new FailedEvent("endpoint", e.Message, ["Start the server with that model, or see to what it says, and resume: answers that were written are kept", "Leave generation.endpoint out of a new run, and the engine generates itself"]),
        RanksDifferException => new FailedEvent("invariant", e.Message, ["Use the same version, config and kind of processor on all ranks, then resume"]),
        InvariantException => new FailedEvent("invariant", e.Message, ["Resume the run: its reference log-probs are computed again", "Use dtype fp32, if this machine's bf16 arithmetic is not repeatable"]),
        NotFiniteException => new FailedEvent("not_finite", e.Message,
        [
            $"Lower learning_rate ({string.Join(", ", config.LearningRate)}) by a factor of 3 to 10", "Use max_grad_norm 1.0", "Use dtype fp32",
        ]),
        IOException io when (io.HResult & 0xFFFF) == 28 => new FailedEvent("disk", "The disk is full: " + e.Message, ["Free some space and resume: nothing that was finished is lost"]),
        OutOfMemoryException => NoMemory(e, config, folder),
        TorchException when e.Message.Contains("allocate", StringComparison.OrdinalIgnoreCase) => NoMemory(e, config, folder),
        _ => new FailedEvent("internal", $"{e.GetType().Name}: {e.Message}", ["Resume the run: it goes on from the last checkpoint"]),
    };

    private static FailedEvent NoMemory(Exception e, RunConfig config, RunFolder folder)
    {
        var model = Path.Combine(folder.StartModel, "config.json");
        return OutOfMemory.Failure(e.Message, config, File.Exists(model) ? ModelConfig.Load(model) : null, ProcessMemory.Limit());
    }
}
