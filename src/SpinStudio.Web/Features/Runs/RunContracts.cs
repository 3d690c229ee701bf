using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs.Planning;

namespace SpinStudio.Web.Features.Runs;

/// <summary>A run as lists and headers show it.</summary>
/// <param name="Kind">spin or sft.</param>
/// <param name="QueuePosition">1 = next to start; null when it is not waiting.</param>
/// <param name="CurrentIteration">From 0; −1 while the starting model is evaluated; null before anything began.</param>
/// <param name="Phase">generate, score, train, save or evaluate; null before anything began.</param>
/// <param name="Overall">Share of the whole run that is done, 0..1.</param>
/// <param name="EtaSeconds">Estimated seconds to the end of the run; null until it can be told.</param>
/// <param name="LastSeq">The journal is in the database up to here: what a live subscription continues from.</param>
public sealed record RunSummary(
    Guid Id, string Name, string Kind, RunStatus Status, int? QueuePosition, int Iterations, int? CurrentIteration, string? Phase, long PhaseDone, long PhaseTotal,
    string? PhaseUnit, double TokensPerSecond, double Overall, double? EtaSeconds, Guid? DatasetId, string? DatasetName, Guid? ModelId, string? ModelName,
    string? CreatedBy, string? StoppedBy, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, long LastSeq)
{
    /// <summary>When and by whom a pause was asked for; null unless it is paused, or about to be.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    public string? PausedBy { get; init; }

    /// <summary>Since when and by whom it is held back in the queue.</summary>
    public DateTimeOffset? HeldAt { get; init; }

    public string? HeldBy { get; init; }

    /// <summary>It ends without a checkpoint and is deleted.</summary>
    public bool Discarding { get; init; }

    /// <summary>Seconds that the whole run was expected to take; null when nothing was known.</summary>
    public double? ExpectedSeconds { get; init; }

    /// <summary>The run that it was cloned from, or branched from an iteration of.</summary>
    public Guid? ParentRunId { get; init; }

    public int? ParentIteration { get; init; }

    /// <summary>What the runs of one sweep have in common.</summary>
    public string? GroupName { get; init; }

    /// <summary>ℓ(0): the loss of pairs that cannot be told apart, as before the first step; null where a run does not learn from pairs.</summary>
    public double? LossAtStart { get; init; }

    /// <summary>In the trash since; it can be restored.</summary>
    public DateTimeOffset? TrashedAt { get; init; }

    /// <summary>Its files are deleted since: what is left is its history.</summary>
    public DateTimeOffset? PurgedAt { get; init; }

    /// <summary>Something works on it, or will without being asked.</summary>
    public bool Active => Status is RunStatus.Queued or RunStatus.Running or RunStatus.Stopping or RunStatus.Interrupted;

    public bool CanStop => Status is RunStatus.Queued or RunStatus.Running or RunStatus.Interrupted or RunStatus.Paused;

    public bool CanPause => Status is RunStatus.Running or RunStatus.Interrupted;

    public bool CanResume => TrashedAt is null && PurgedAt is null && (Status is RunStatus.Stopped or RunStatus.Failed or RunStatus.Paused);

    /// <summary>
    /// What people read: Queued, Held, Preparing, Generating, Scoring, Training, Saving, Evaluating, Pausing, Stopping, Discarding, Paused, Stopped, Interrupted, Failed
    /// or Completed.
    /// </summary>
    public string StatusText => Status switch
    {
        RunStatus.Running => PhaseText(Phase),
        RunStatus.Stopping when Discarding => "Discarding",
        RunStatus.Stopping when PausedAt is not null => "Pausing",
        RunStatus.Queued when HeldAt is not null => "Held",
        _ => Status.ToString(),
    };

    private static string PhaseText(string? phase) => phase switch
    {
        "generate" => "Generating",
        "score" => "Scoring",
        "train" => "Training",
        "save" => "Saving",
        "evaluate" => "Evaluating",
        _ => "Preparing",
    };
}

/// <summary>How a list of runs is sorted.</summary>
public enum RunOrder
{
    Newest,
    Oldest,
    Name,
}

/// <summary>Why a run failed and what to try.</summary>
/// <param name="Cause">bad_input, invariant, not_finite, out_of_memory, disk, internal or engine_lost.</param>
/// <param name="Fixes">Most promising first.</param>
/// <param name="LogTail">Last lines of the engine's output, at most 50.</param>
public sealed record FailureCard(string Cause, string Message, IReadOnlyList<string> Fixes, IReadOnlyList<string> LogTail);

/// <param name="Opponent">Iteration whose model was the opponent; −1 is the starting model.</param>
/// <param name="Dropped">Pairs not trained on, by reason.</param>
/// <param name="ModelId">The model it made, once finished.</param>
/// <param name="PhaseSeconds">Seconds worked in each phase that has ended: generate, score, train, save, evaluate.</param>
public sealed record IterationInfo(
    int Number, int Opponent, double Beta, double LearningRate, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, double? Seconds, int? Pairs,
    IReadOnlyDictionary<string, int> Dropped, Guid? ModelId, string? ModelSha256, IReadOnlyDictionary<string, double> PhaseSeconds);

/// <param name="Config">The resolved config as the engine was given it.</param>
/// <param name="Device">Device, type and threads as the engine reported them; null before its first start.</param>
/// <param name="Failure">Null unless it failed.</param>
public sealed record RunDetail(
    RunSummary Summary, RunConfig Config, string ConfigJson, string? Device, FailureCard? Failure, IReadOnlyList<IterationInfo> Iterations, Guid? FinalModelId)
{
    /// <summary>Null unless it was cloned or branched.</summary>
    public RunParent? Parent { get; init; }
}

/// <summary>Where a run's settings came from.</summary>
/// <param name="Name">Null when that run was deleted.</param>
/// <param name="Iteration">The iteration whose model it starts from; null for a clone.</param>
/// <param name="Changes">Settings that were changed on the way.</param>
public sealed record RunParent(Guid RunId, string? Name, int? Iteration, IReadOnlyList<SettingChange> Changes);

/// <summary>One setting that two configs have differently, as they are written in the file.</summary>
/// <param name="Key">In run.json, nested ones with a dot.</param>
public sealed record SettingChange(string Key, string From, string To);

/// <summary>What a person asks for. Model and dataset are chosen by id; the paths in <paramref name="Config"/> are filled in by the studio.</summary>
/// <param name="Config">Settings; its Model, Dataset and HeldOut are ignored.</param>
/// <param name="DatasetVersionId">Null: the newest version.</param>
/// <param name="ClientRequestId">Chosen once per form: sending the same request again returns the run that exists.</param>
/// <param name="ParentRunId">The run whose settings were taken over; what was changed is kept with the new run.</param>
/// <param name="ParentIteration">The iteration of the parent to branch from; <paramref name="ModelId"/> is its model then.</param>
/// <param name="GroupName">What runs that belong together have in common.</param>
public sealed record NewRun(
    RunConfig Config, Guid ModelId, Guid DatasetId, string ClientRequestId, Guid? DatasetVersionId = null, Guid? ParentRunId = null, int? ParentIteration = null, string? GroupName = null);

public enum Severity
{
    Notice,
    Warning,
    Error,
}

/// <summary>One finding of the check before launch. An error refuses the run.</summary>
/// <param name="Field">Config field that it is about, in snake_case; null for the whole.</param>
public sealed record PreflightFinding(Severity Severity, string? Field, string Message);

/// <summary>What a run would do, in figures, with everything that speaks against it.</summary>
/// <param name="DiskBytes">Estimated size of the finished run folder.</param>
/// <param name="StepsPerIteration">Optimizer steps of each iteration.</param>
public sealed record RunPlan(int TrainExamples, int HeldOutExamples, IReadOnlyList<int> StepsPerIteration, long DiskBytes, long FreeDiskBytes, IReadOnlyList<PreflightFinding> Findings)
{
    /// <summary>That opponents and finished models will write.</summary>
    public long Answers { get; init; }

    /// <summary>Generated, scored and trained on, over the whole run.</summary>
    public double Tokens { get; init; }

    public required TimeForecast Time { get; init; }

    public required MemoryNeed Memory { get; init; }

    public long FreeMemoryBytes { get; init; }

    /// <summary>The first example as the model reads it; null when its template refuses the dataset.</summary>
    public RenderedExample? Example { get; init; }

    public bool Startable => Findings.All(finding => finding.Severity != Severity.Error);
}

/// <param name="Name">Path inside the run folder.</param>
public sealed record RunFile(string Name, long Bytes, DateTimeOffset ChangedAt);
