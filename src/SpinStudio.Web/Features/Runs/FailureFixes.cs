using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;

namespace SpinStudio.Web.Features.Runs;

/// <summary>One thing that may cure a failed run, applied with a click.</summary>
/// <param name="Label">On the button.</param>
/// <param name="Why">What it does, in one sentence.</param>
/// <param name="Changes">Settings for a clone of the run, by key; empty: the run itself goes on as it is.</param>
public sealed record FailureFix(string Label, string Why, IReadOnlyDictionary<string, string> Changes)
{
    /// <summary>The same run continues from its last checkpoint.</summary>
    public bool Resumes => Changes.Count == 0;

    /// <summary>Where a clone with the changes is set up.</summary>
    public string Address(Guid runId) => $"/runs/new?from={runId}{string.Concat(Changes.Select(change => $"&change={Uri.EscapeDataString($"{change.Key}={change.Value}")}"))}";
}

/// <summary>Cures for each class of failure, most promising first, in the figures of the run's own settings.</summary>
public static class FailureFixes
{
    public static IReadOnlyList<FailureFix> For(string cause, RunConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return
        [
            .. (cause switch
            {
                "out_of_memory" => [HalveMicroBatch(config), Checkpoint(config), HalveAnswersAtOnce(config), ShorterExamples(config), Resume("When other programs took the memory: close them first.")],
                "not_finite" => [LowerLearningRate(config), Clip(config), FullPrecision(config)],
                "invariant" => [FullPrecision(config), Again("Starts over; its reference log-probs are computed anew.")],
                "disk" => [Resume("After freeing space: nothing that was finished is lost."), FewerExamples(config), FewerIterations(config)],
                "bad_input" => [LongerExamples(config), LongerAnswers(config), Again("Opens the form with these settings, to choose another dataset or model.")],
                _ => (FailureFix?[])[Resume("Goes on from the last checkpoint; enough when the engine was ended from outside."), HalveMicroBatch(config), FullPrecision(config), Again("Starts over with the same settings.")],
            }).OfType<FailureFix>(),
        ];
    }

    private static FailureFix Resume(string why) => new("Resume", why, new Dictionary<string, string>());

    private static FailureFix Again(string why) => new("Set up again", why, new Dictionary<string, string> { ["name"] = "" });

    private static FailureFix? HalveMicroBatch(RunConfig config) => config.MicroBatchSize < 2 ? null
        : Change("Halve the micro-batch", $"micro_batch_size {config.MicroBatchSize} → {config.MicroBatchSize / 2}: half the memory in training; the gradients stay the same.", ("micro_batch_size", $"{config.MicroBatchSize / 2}"));

    private static FailureFix? Checkpoint(RunConfig config) => config.GradientCheckpointing ? null
        : Change("Compute layers twice", "gradient_checkpointing → true: keeps of each layer its input alone; a third more arithmetic, the gradients stay the same.", ("gradient_checkpointing", "true"));

    private static FailureFix? HalveAnswersAtOnce(RunConfig config) => config.Generation.BatchSize < 2 ? null
        : Change("Write fewer answers at once", $"generation.batch_size {config.Generation.BatchSize} → {config.Generation.BatchSize / 2}: half the cache; somewhat slower.", ("generation.batch_size", $"{config.Generation.BatchSize / 2}"));

    private static FailureFix? ShorterExamples(RunConfig config) => config.MaxLength < 128 ? null
        : Change("Halve the longest example", $"max_length {config.MaxLength} → {config.MaxLength / 2}: longer examples are cut.",
            ("max_length", $"{config.MaxLength / 2}"), ("max_prompt_length", $"{Math.Min(config.MaxPromptLength, config.MaxLength / 4)}"),
            ("generation.max_new_tokens", $"{Math.Min(config.Generation.MaxNewTokens, config.MaxLength / 4)}"));

    private static FailureFix LongerExamples(RunConfig config) =>
        Change("Allow longer examples", $"max_length {config.MaxLength} → {config.MaxLength * 2}: room for an answer after long prompts.", ("max_length", $"{config.MaxLength * 2}"));

    private static FailureFix LongerAnswers(RunConfig config) =>
        Change("Allow longer answers", $"generation.max_new_tokens {config.Generation.MaxNewTokens} → {config.Generation.MaxNewTokens * 2}.", ("generation.max_new_tokens", $"{config.Generation.MaxNewTokens * 2}"));

    private static FailureFix LowerLearningRate(RunConfig config)
    {
        var lower = Format.Numbers(config.LearningRate.Select(rate => double.Parse((rate / 5).ToString("G3", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture)));
        return Change("Lower the learning rate", $"learning_rate {Format.Numbers(config.LearningRate)} → {lower}: smaller steps diverge less.", ("learning_rate", lower));
    }

    private static FailureFix? Clip(RunConfig config) => config.MaxGradNorm is > 0 and <= 1 ? null
        : Change("Clip gradients at 1", $"max_grad_norm {Format.Number(config.MaxGradNorm)} → 1: one bad batch cannot throw the weights far.", ("max_grad_norm", "1"));

    private static FailureFix? FullPrecision(RunConfig config) => config.Dtype == Precision.Fp32 ? null
        : Change("Compute in fp32", "dtype bf16 → fp32: slower, with twice the memory for activations, and no rounding to 8 bits.", ("dtype", "fp32"));

    private static FailureFix FewerExamples(RunConfig config) =>
        Change("Use fewer examples", config.MaxExamples > 0 ? $"max_examples {config.MaxExamples} → {Math.Max(1, config.MaxExamples / 2)}." : "max_examples → 1000.",
            ("max_examples", $"{(config.MaxExamples > 0 ? Math.Max(1, config.MaxExamples / 2) : 1000)}"));

    private static FailureFix? FewerIterations(RunConfig config) => config.Iterations < 2 ? null
        : Change("Plan fewer iterations", $"iterations {config.Iterations} → {config.Iterations - 1}: one saved model less.", ("iterations", $"{config.Iterations - 1}"));

    private static FailureFix Change(string label, string why, params (string Key, string Value)[] changes) => new(label, why, changes.ToDictionary(change => change.Key, change => change.Value));
}
