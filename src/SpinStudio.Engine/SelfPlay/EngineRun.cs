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
    /// <param name="resume">Go on with a run that the folder holds; without it a folder with a journal is refused.</param>
    /// <param name="told">Called with each event as it is written.</param>
    /// <param name="stop">Asks for a checkpoint and an end.</param>
    /// <exception cref="BadInputException">The folder is in use or holds another run. What is refused after the journal was opened is told in it as well.</exception>
    public static RunOutcome Play(RunConfig config, RunFolder folder, bool resume, Action<JournalEvent>? told = null, CancellationToken stop = default)
    {
        Directory.CreateDirectory(folder.Root);
        using var lease = RunLease.Take(folder);
        if (!resume && File.Exists(folder.Journal) && new FileInfo(folder.Journal).Length > 0)
            throw new BadInputException($"{folder.Root} already holds a run; pass --resume to go on with it, or choose another folder");
        using var journal = new Journal(folder);
        journal.Written += told;
        try
        {
            torch.set_num_threads(config.Threads > 0 ? config.Threads : Environment.ProcessorCount);
            journal.Write(new StartedEvent(
                journal.HasHistory, RunPreparation.EngineVersion, torch.version, "cpu", config.Dtype == Precision.Bf16 ? "bf16" : "fp32", torch.get_num_threads(), Environment.ProcessId));
            RunPreparation.Prepare(config, folder);
            stop.ThrowIfCancellationRequested();

            using var run = new RunContext(folder, config, journal, stop);
            if (config.Kind == RunKind.Spin)
                new SpinRun(run).Play();
            else
                new SftRun(run).Play();
            var last = config.Kind == RunKind.Spin ? config.Iterations - 1 : 0;
            journal.Write(new FinishedEvent(Path.GetRelativePath(folder.Root, folder.Model(last)), journal.SecondsWorked()));
            return RunOutcome.Finished;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            journal.Write(new StoppedEvent("asked to stop"));
            return RunOutcome.Stopped;
        }
        catch (Exception e)
        {
            journal.Write(FailureOf(e, config));
            if (e is BadInputException) throw;
            return RunOutcome.Failed;
        }
        finally
        {
            journal.Sync();
        }
    }

    /// <summary>The failure in plain words, with what to try.</summary>
    private static FailedEvent FailureOf(Exception e, RunConfig config) => e switch
    {
        BadInputException => new FailedEvent("bad_input", e.Message, []),
        InvariantException => new FailedEvent("invariant", e.Message, ["Start the run anew: its reference log-probs will be computed again", "Use dtype fp32, if this machine's bf16 arithmetic is not repeatable"]),
        NotFiniteException => new FailedEvent("not_finite", e.Message,
        [
            $"Lower learning_rate ({string.Join(", ", config.LearningRate)}) by a factor of 3 to 10", "Use max_grad_norm 1.0", "Use dtype fp32",
        ]),
        IOException io when (io.HResult & 0xFFFF) == 28 => new FailedEvent("disk", "The disk is full: " + e.Message, ["Free some space and resume: nothing that was finished is lost"]),
        OutOfMemoryException => OutOfMemory(e, config),
        TorchException when e.Message.Contains("allocate", StringComparison.OrdinalIgnoreCase) => OutOfMemory(e, config),
        _ => new FailedEvent("internal", $"{e.GetType().Name}: {e.Message}", ["Resume the run: it goes on from the last checkpoint"]),
    };

    private static FailedEvent OutOfMemory(Exception e, RunConfig config) => new("out_of_memory", "The machine ran out of memory: " + e.Message,
    [
        $"Set micro_batch_size to {Math.Max(1, config.MicroBatchSize / 2)} (now {config.MicroBatchSize}); the gradients stay the same",
        $"Set max_length to {Math.Max(64, config.MaxLength / 2)} (now {config.MaxLength})",
        $"Set generation.batch_size to {Math.Max(1, config.Generation.BatchSize / 2)} (now {config.Generation.BatchSize})",
    ]);
}
