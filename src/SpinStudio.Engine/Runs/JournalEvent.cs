using System.Text.Json.Serialization;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Engine.Runs;

/// <summary>
/// One line of <c>journal.jsonl</c>. <see cref="Seq"/> grows by one from 1 without gaps over the whole life of the run folder, resumes included.
/// Iterations are numbered from 0 as in the paper; −1 is the starting model before any training.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StartedEvent), "started")]
[JsonDerivedType(typeof(PhaseEvent), "phase")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(MetricsEvent), "metrics")]
[JsonDerivedType(typeof(SampleEvent), "sample")]
[JsonDerivedType(typeof(EvaluationEvent), "evaluation")]
[JsonDerivedType(typeof(CheckpointEvent), "checkpoint")]
[JsonDerivedType(typeof(IterationEvent), "iteration")]
[JsonDerivedType(typeof(AdviceEvent), "advice")]
[JsonDerivedType(typeof(LogEvent), "log")]
[JsonDerivedType(typeof(StoppedEvent), "stopped")]
[JsonDerivedType(typeof(FailedEvent), "failed")]
[JsonDerivedType(typeof(FinishedEvent), "finished")]
public abstract record JournalEvent
{
    [JsonPropertyOrder(-3)]
    public long Seq { get; init; }

    /// <summary>When the event was written, UTC.</summary>
    [JsonPropertyOrder(-2)]
    public DateTimeOffset At { get; init; }
}

/// <summary>An engine process took the folder. Written once per process, so again after each resume.</summary>
/// <param name="Threads">Of each rank.</param>
/// <param name="Ranks">Processes that play the run together.</param>
public sealed record StartedEvent(bool Resumed, string EngineVersion, string LibtorchVersion, string Device, string Dtype, int Threads, int Pid, int Ranks = 1) : JournalEvent;

/// <summary>A phase of an iteration began or ended. Phases: <see cref="RunPhase"/>.</summary>
public sealed record PhaseEvent(int Iteration, RunPhase Phase, PhaseState State) : JournalEvent;

/// <summary>How far the present phase is. At most about two a second.</summary>
/// <param name="Done">Units finished of <paramref name="Total"/> in this phase.</param>
/// <param name="Unit">prompts, pairs or steps.</param>
/// <param name="TokensPerSecond">Rate of this phase: generated tokens, or real (unpadded) tokens trained.</param>
/// <param name="Overall">Share of the whole run that is done, 0..1, by estimated time.</param>
/// <param name="EtaSeconds">Estimated seconds to the end of the whole run; null until it can be told.</param>
public sealed record ProgressEvent(int Iteration, RunPhase Phase, long Done, long Total, string Unit, double TokensPerSecond, double Overall, double? EtaSeconds) : JournalEvent;

/// <summary>Training metrics of one optimizer step. A (iteration, step) appears once in a journal, however often the run was resumed.</summary>
/// <param name="Step">Optimizer step within the iteration, from 0. Step 0 is measured before the first update.</param>
/// <param name="GlobalStep">Optimizer step over all iterations.</param>
/// <param name="Tokens">Real tokens trained on so far, over all iterations.</param>
/// <param name="Values">Names as in the official code: loss, learning_rate, grad_norm, rewards/real, rewards/generated, rewards/margins, rewards/accuracies, logps/real, logps/generated. A value that is not finite is null.</param>
public sealed record MetricsEvent(int Iteration, int Step, long GlobalStep, double Epoch, long Tokens, IReadOnlyDictionary<string, double?> Values) : JournalEvent;

/// <summary>An answer of the model that opened or closed an iteration, beside the human one.</summary>
/// <param name="Iteration">For <c>train</c>: the iteration in which the answer is an opponent's. For <c>held_out</c>: the iteration whose finished model answered (−1 = starting model).</param>
/// <param name="Split">train or held_out.</param>
/// <param name="FinishReason">stop (EOS) or length (cut at the limit).</param>
public sealed record SampleEvent(int Iteration, string Split, string PromptId, string Prompt, string Real, string Generated, string FinishReason) : JournalEvent;

/// <summary>Held-out evaluation of the model that finished <see cref="EvaluationReport.Iteration"/>.</summary>
public sealed record EvaluationEvent(EvaluationReport Report) : JournalEvent;

/// <summary>A resumable state was saved.</summary>
public sealed record CheckpointEvent(int Iteration, int Step, string Path, long Bytes) : JournalEvent;

/// <summary>An iteration is finished and its model saved.</summary>
/// <param name="Model">Path of the model folder, relative to the run folder.</param>
/// <param name="Sha256">Of its <c>model.safetensors</c>.</param>
/// <param name="Pairs">Pairs trained on, over the window.</param>
/// <param name="Dropped">Pairs not trained on, by reason (identical, empty, too_long).</param>
public sealed record IterationEvent(int Iteration, string Model, string Sha256, int Pairs, IReadOnlyDictionary<string, int> Dropped, double Seconds) : JournalEvent;

/// <summary>Whether another iteration is worth its time, judged by held-out evidence when an iteration has ended.</summary>
/// <param name="Advice">wait, go_on or stop.</param>
/// <param name="Keep">The iteration whose model to keep, −1 the starting model; null while nothing can be said.</param>
/// <param name="Sentence">The judgement, for people.</param>
/// <param name="Evidence">Figures behind it.</param>
/// <param name="Ends">The run was asked to follow such advice, and ends here.</param>
public sealed record AdviceEvent(int Iteration, AdviceKind Advice, int? Keep, string Sentence, IReadOnlyList<string> Evidence, bool Ends) : JournalEvent;

/// <summary>A line for people. Level: info, warning, error.</summary>
public sealed record LogEvent(string Level, string Message) : JournalEvent;

/// <summary>The process ended on request, with a checkpoint; the run can be resumed.</summary>
public sealed record StoppedEvent(string Reason) : JournalEvent;

/// <summary>The run failed. Resuming is possible once the cause is removed.</summary>
/// <param name="Cause">bad_input, invariant, not_finite, out_of_memory, disk, endpoint or internal.</param>
/// <param name="Message">One line in plain words.</param>
/// <param name="Fixes">What to try, most promising first.</param>
public sealed record FailedEvent(string Cause, string Message, IReadOnlyList<string> Fixes) : JournalEvent;

/// <summary>All iterations are done, or the run ended itself by <see cref="AdviceEvent.Ends"/>.</summary>
/// <param name="Model">Path of the model folder to keep, relative to the run folder: the last one's, or the one that the advice named.</param>
public sealed record FinishedEvent(string Model, double Seconds) : JournalEvent;

[JsonConverter(typeof(JsonStringEnumConverter<RunPhase>))]
public enum RunPhase
{
    [JsonStringEnumMemberName("generate")] Generate,
    [JsonStringEnumMemberName("score")] Score,
    [JsonStringEnumMemberName("train")] Train,
    [JsonStringEnumMemberName("save")] Save,
    [JsonStringEnumMemberName("evaluate")] Evaluate,
}

[JsonConverter(typeof(JsonStringEnumConverter<PhaseState>))]
public enum PhaseState
{
    [JsonStringEnumMemberName("started")] Started,
    [JsonStringEnumMemberName("finished")] Finished,
}
