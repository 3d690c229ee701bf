namespace SpinStudio.Data;

/// <summary>Where a run stands.</summary>
public enum RunStatus
{
    /// <summary>Waits for a device slot.</summary>
    Queued = 0,

    /// <summary>An engine process works on it.</summary>
    Running = 1,

    /// <summary>Stop was asked for; the engine is saving a checkpoint.</summary>
    Stopping = 2,

    /// <summary>Stopped on request with a checkpoint; can be resumed.</summary>
    Stopped = 3,

    /// <summary>The engine went away without being asked; the studio is about to resume it.</summary>
    Interrupted = 4,

    /// <summary>Ended with a cause; can be resumed once that is removed.</summary>
    Failed = 5,

    /// <summary>All iterations are done.</summary>
    Completed = 6,

    /// <summary>Put aside by a person with a checkpoint, to go on later; it has left its slot to others.</summary>
    Paused = 7,
}

/// <summary>One training run: what was asked for, and the newest of what its journal said.</summary>
public sealed partial class Run
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    /// <summary>spin or sft.</summary>
    public required string Kind { get; set; }

    public RunStatus Status { get; set; }

    /// <summary>The run config as JSON, as handed to the engine.</summary>
    public required string Config { get; set; }

    public Guid? DatasetVersionId { get; set; }

    public DatasetVersion? DatasetVersion { get; set; }

    public Guid? ModelId { get; set; }

    public Model? Model { get; set; }

    /// <summary>SPIN iterations planned.</summary>
    public int Iterations { get; set; }

    /// <summary>Relative to the data directory.</summary>
    public required string Folder { get; set; }

    /// <summary>Chosen by the client that created the run, so that a repeated request makes no second run.</summary>
    public required string ClientRequestId { get; set; }

    public Guid? CreatedById { get; set; }

    public AppUser? CreatedBy { get; set; }

    public Guid? StoppedById { get; set; }

    public AppUser? StoppedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Its place in the queue: earlier goes first.</summary>
    public DateTimeOffset QueuedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>The journal is in the database up to this sequence number.</summary>
    public long LastSeq { get; set; }

    /// <summary>Byte offset in the journal behind <see cref="LastSeq"/>.</summary>
    public long JournalOffset { get; set; }

    /// <summary>Automatic resumes since the journal last moved forward.</summary>
    public int ResumesWithoutProgress { get; set; }

    /// <summary>The journal's last sequence number when the present engine was started.</summary>
    public long SeqAtStart { get; set; }

    /// <summary>Process id of the engine while one works.</summary>
    public int? EnginePid { get; set; }

    public int? CurrentIteration { get; set; }

    /// <summary>generate, score, train, save or evaluate.</summary>
    public string? Phase { get; set; }

    public long PhaseDone { get; set; }

    public long PhaseTotal { get; set; }

    public string? PhaseUnit { get; set; }

    public double TokensPerSecond { get; set; }

    /// <summary>Share of the whole run that is done, 0..1.</summary>
    public double Overall { get; set; }

    /// <summary>Estimated seconds to the end of the run, when last told.</summary>
    public double? EtaSeconds { get; set; }

    /// <summary>Device, type and threads, as the engine reported them.</summary>
    public string? Device { get; set; }

    public string? FailureCause { get; set; }

    public string? FailureMessage { get; set; }

    /// <summary>What to try, one a line.</summary>
    public string? FailureFixes { get; set; }

    /// <summary>Last lines of the engine's output when it failed.</summary>
    public string? FailureLog { get; set; }

    /// <summary>A pause was asked for: the stop that follows ends in <see cref="RunStatus.Paused"/>.</summary>
    public DateTimeOffset? PausedAt { get; set; }

    public Guid? PausedById { get; set; }

    /// <summary>It is to be deleted as soon as its engine is gone.</summary>
    public DateTimeOffset? DiscardAskedAt { get; set; }

    /// <summary>Somebody holds it back in the queue.</summary>
    public DateTimeOffset? HeldAt { get; set; }

    public Guid? HeldById { get; set; }

    /// <summary>Seconds that the whole run was expected to take when it was created.</summary>
    public double? ExpectedSeconds { get; set; }

    /// <summary>The run whose settings it was cloned from. Not a foreign key: it outlives its parent.</summary>
    public Guid? ParentRunId { get; set; }

    /// <summary>The iteration of the parent whose model it starts from; null for a clone.</summary>
    public int? ParentIteration { get; set; }

    /// <summary>Settings that differ from the parent's, as JSON.</summary>
    public string? ParentChanges { get; set; }

    /// <summary>What the runs of one sweep have in common.</summary>
    public string? GroupName { get; set; }
}

/// <summary>A SPIN iteration of a run, from 0.</summary>
public sealed class Iteration
{
    public Guid RunId { get; set; }

    public Run? Run { get; set; }

    public int Number { get; set; }

    public double Beta { get; set; }

    public double LearningRate { get; set; }

    /// <summary>Iteration whose model was the opponent; −1 is the starting model.</summary>
    public int Opponent { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    public double? Seconds { get; set; }

    public int? Pairs { get; set; }

    /// <summary>Pairs that were not trained on, by reason, as JSON.</summary>
    public string? Dropped { get; set; }

    public string? ModelSha256 { get; set; }
}

/// <summary>One value of one training metric.</summary>
public sealed class MetricPoint
{
    public Guid RunId { get; set; }

    public int Iteration { get; set; }

    public required string Name { get; set; }

    /// <summary>Optimizer step within the iteration.</summary>
    public int Step { get; set; }

    /// <summary>Optimizer step over all iterations.</summary>
    public long GlobalStep { get; set; }

    /// <summary>Null where it was not finite.</summary>
    public double? Value { get; set; }

    /// <summary>Tokens trained on so far, over all iterations.</summary>
    public long Tokens { get; set; }

    /// <summary>Of the journal event that carried it.</summary>
    public long Seq { get; set; }

    public DateTimeOffset At { get; set; }
}

/// <summary>
/// A stretch of a metric's curve in a few figures, kept up to date as points arrive, so that a long run is drawn without reading all of it.
/// Blocks start anew with each iteration.
/// </summary>
public sealed class MetricBlock
{
    /// <summary>Steps a block, finest first. Curves are drawn from points where they are few, else from the finest blocks that are not too many.</summary>
    public static readonly int[] Sizes = [16, 256];

    public Guid RunId { get; set; }

    /// <summary>Steps in a full block.</summary>
    public int Size { get; set; }

    public required string Name { get; set; }

    /// <summary>Global step at which the block begins.</summary>
    public long First { get; set; }

    public int Iteration { get; set; }

    /// <summary>Finite values in the block, and their sum.</summary>
    public int Count { get; set; }

    public double Sum { get; set; }

    /// <summary>The smallest value and where it stands; null while no value was finite.</summary>
    public double? Low { get; set; }

    public long LowStep { get; set; }

    public long LowTokens { get; set; }

    public DateTimeOffset LowAt { get; set; }

    /// <summary>The largest value and where it stands.</summary>
    public double? High { get; set; }

    public long HighStep { get; set; }

    public long HighTokens { get; set; }

    public DateTimeOffset HighAt { get; set; }

    /// <summary>Takes in one point of the block.</summary>
    public void Add(MetricPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        if (point.Value is { } value)
        {
            Count++;
            Sum += value;
        }
        else if (Low is not null)
        {
            return;
        }

        if (Low is null || point.Value < Low)
        {
            (Low, LowStep, LowTokens, LowAt) = (point.Value, point.GlobalStep, point.Tokens, point.At);
        }

        if (High is null || point.Value > High)
        {
            (High, HighStep, HighTokens, HighAt) = (point.Value, point.GlobalStep, point.Tokens, point.At);
        }
    }
}

/// <summary>A model's answer to a prompt, beside the human one.</summary>
public sealed class Sample
{
    public long Id { get; set; }

    public Guid RunId { get; set; }

    /// <summary>For train: the iteration in which the answer is the opponent's. For held_out: the iteration whose finished model answered.</summary>
    public int Iteration { get; set; }

    /// <summary>train or held_out.</summary>
    public required string Split { get; set; }

    public required string PromptId { get; set; }

    public string? System { get; set; }

    public required string Prompt { get; set; }

    public required string Real { get; set; }

    public required string Generated { get; set; }

    /// <summary>stop or length.</summary>
    public required string FinishReason { get; set; }

    /// <summary>Which of several answers to the same prompt, from 0.</summary>
    public int Number { get; set; }

    /// <summary>Tokens of the answer; null until the phase's file is complete.</summary>
    public int? Tokens { get; set; }

    /// <summary>Result of the exact check, where the example has one.</summary>
    public bool? Exact { get; set; }

    /// <summary>How much of the human answer's wording it has, 0..1; null until the phase's file is complete.</summary>
    public double? ToHuman { get; set; }

    /// <summary>The same against the answer of the model before; null for the first.</summary>
    public double? ToPrevious { get; set; }

    /// <summary>log π(this answer) under the model that wrote it, summed over tokens, in nats; for the first held-out answer to a prompt.</summary>
    public double? LogProb { get; set; }

    /// <summary>The same of the human answer, under that model.</summary>
    public double? HumanLogProb { get; set; }

    /// <summary>Implicit reward that the model gives the human answer, against the model before; for the first held-out answer to a prompt.</summary>
    public double? RewardHuman { get; set; }

    /// <summary>The same of the answer that its opponent gave.</summary>
    public double? RewardOpponent { get; set; }
}

/// <summary>Held-out evaluation of the model that finished an iteration; −1 is the starting model.</summary>
public sealed class Evaluation
{
    public Guid RunId { get; set; }

    public int Iteration { get; set; }

    /// <summary>The engine's report as JSON.</summary>
    public required string Report { get; set; }

    public DateTimeOffset At { get; set; }
}
