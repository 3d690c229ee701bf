using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Reckons what a run will do and checks what speaks against it, before anything is started.</summary>
public sealed class RunPlanning(IDbContextFactory<StudioDb> databases, StudioPaths paths)
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

        var (train, heldOut) = Split(config, version);
        var steps = Steps(config, train);
        var disk = Disk(config, model, train);
        var free = new DriveInfo(paths.Data).AvailableFreeSpace;
        return new RunPlan(train, heldOut, steps, disk, free, Findings(config, train, disk, free));
    }

    /// <summary>As the engine splits: held-out examples first, then the limit on what is trained on.</summary>
    private static (int Train, int HeldOut) Split(RunConfig config, DatasetVersion version)
    {
        var ownHeldOut = version.HeldOutFile is not null;
        var heldOut = ownHeldOut ? version.HeldOutRows : (int)Math.Round(version.Rows * Math.Clamp(config.HeldOutFraction, 0, 1));
        var train = ownHeldOut ? version.Rows : version.Rows - heldOut;
        return (config.MaxExamples > 0 ? Math.Min(config.MaxExamples, train) : train, Math.Min(heldOut, Math.Max(config.Evaluation.Examples, 0)));
    }

    /// <summary>Optimizer steps per iteration: the window's pairs, in batches, over the epochs that are really trained.</summary>
    private static int[] Steps(RunConfig config, int train)
    {
        if (config.BatchSize < 1 || config.Iterations is < 1 or > 1000 || !(config.Epochs is > 0 and <= 1000))
        {
            return [];
        }

        var iterations = config.Kind == RunKind.Sft ? 1 : config.Iterations;
        return [.. Enumerable.Range(0, iterations).Select(iteration =>
        {
            long pairs = config.Kind == RunKind.Sft ? train : (long)train * Math.Min(iteration + 1, Math.Max(config.Window, 1));
            return (int)Math.Min(int.MaxValue, Math.Ceiling(Math.Ceiling(pairs / (double)config.BatchSize) * config.Epochs));
        })];
    }

    private static long Disk(RunConfig config, Model model, int train)
    {
        long iterations = config.Kind == RunKind.Sft ? 1 : Math.Clamp(config.Iterations, 1, 1000);
        return ((iterations + 1) * model.Bytes) + (2 * CheckpointBytesPerParameter * model.Parameters) + (iterations * train * BytesPerPair);
    }

    private static List<PreflightFinding> Findings(RunConfig config, int train, long disk, long free)
    {
        // Model and dataset are chosen by id; their paths are filled in later.
        List<PreflightFinding> findings = [.. RunConfigFile.Validate(config with { Model = "chosen", Dataset = "chosen" })
            .Select(problem => new PreflightFinding(Severity.Error, problem.Key, problem.Message))];
        if (train == 0)
        {
            findings.Add(new(Severity.Error, "max_examples", "No example is left to train on; lower held_out_fraction or choose a larger dataset."));
        }

        if (disk > free)
        {
            findings.Add(new(Severity.Error, null, $"The run needs about {Gigabytes(disk)} of disk, {Gigabytes(free)} are free; delete old runs or plan fewer iterations."));
        }
        else if (disk > free / 2)
        {
            findings.Add(new(Severity.Warning, null, $"The run needs about {Gigabytes(disk)} of the {Gigabytes(free)} that are free."));
        }

        if (train is > 0 and < 50)
        {
            findings.Add(new(Severity.Warning, "dataset", $"Only {train} training examples: the model will learn them by heart. Some hundreds are a start."));
        }

        if (train > 0 && train < config.BatchSize)
        {
            findings.Add(new(Severity.Warning, "batch_size", $"batch_size {config.BatchSize} is more than the {train} training examples: an epoch is one step."));
        }

        if (config.Evaluation.Examples == 0)
        {
            findings.Add(new(Severity.Notice, "evaluation.examples", "Nothing is evaluated on held-out examples, so improvement cannot be measured."));
        }

        return findings;
    }

    private static string Gigabytes(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB");
}
