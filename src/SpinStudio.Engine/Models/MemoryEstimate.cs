using SpinStudio.Engine.Runs;
using F = SpinStudio.Torch.torch.nn.functional;

namespace SpinStudio.Engine.Models;

/// <summary>Memory that a model needs, from its shape and a run's settings alone.</summary>
public static class MemoryEstimate
{
    /// <summary>libtorch, .NET and their buffers.</summary>
    public const long Program = 400_000_000;

    /// <summary>What operators and the allocator take beside the tensors that are counted, as bench/Memory measured it; more beside the little that is left with checkpointing.</summary>
    private const double Overhead = 1.25, OverheadOfCheckpointing = 1.5;

    /// <summary>Bytes of keys and values that one token leaves in the cache: two vectors a layer and key-value head.</summary>
    public static long CachePerToken(ModelConfig config, Precision precision) => 2L * config.Layers * config.KeyValueHeads * config.HeadDim * Size(precision);

    /// <summary>Bytes for weights and cache while so many answers are decoded together.</summary>
    /// <param name="length">Prompt and answer, in tokens.</param>
    public static long ToGenerate(ModelConfig config, Precision precision, int answers, int length) =>
        config.ParameterCount * Size(precision) + CachePerToken(config, precision) * answers * length;

    /// <summary>
    /// Bytes that stay while all weights are trained: weights and gradients in the compute type, in bf16 also fp32 master weights and summed gradients, and one (RMSProp) or two (AdamW) fp32
    /// moments. What a micro-batch needs on the way comes on top.
    /// </summary>
    public static long ToTrain(ModelConfig config, Precision precision, OptimizerKind optimizer) =>
        config.ParameterCount * PerTrained(precision, optimizer);

    /// <summary>
    /// Bytes that stay while low-rank adapters are trained (Hu et al., arXiv 2106.09685): the frozen weights, and for the rank · (in + out) numbers of each adapter what
    /// <see cref="ToTrain(ModelConfig, Precision, OptimizerKind)"/> counts for a weight.
    /// </summary>
    public static long ToTrainAdapters(ModelConfig config, Precision precision, OptimizerKind optimizer, LoraConfig lora) =>
        config.ParameterCount * Size(precision) + AdapterCount(config, lora) * PerTrained(precision, optimizer);

    /// <summary>Trainable numbers of a run's adapters.</summary>
    public static long AdapterCount(ModelConfig config, LoraConfig lora) =>
        config.ExpectedTensors().Where(tensor => lora.Targets.Any(target => tensor.Name.EndsWith($".{target}.weight", StringComparison.Ordinal))).Sum(tensor => lora.Rank * (tensor.Shape[0] + tensor.Shape[1]));

    /// <summary>Bytes that stay while a run trains.</summary>
    public static long ToTrain(ModelConfig config, RunConfig run) =>
        run.Lora.Rank == 0 ? ToTrain(config, run.Dtype, run.Optimizer) : ToTrainAdapters(config, run.Dtype, run.Optimizer, run.Lora);

    /// <summary>Bytes of a micro-batch between forward and backward: what each layer keeps, one layer's gradients, and the head.</summary>
    /// <param name="tokens">In the micro-batch; each prompt counts once.</param>
    /// <param name="scored">Of those, tokens of answers.</param>
    public static long OfMicroBatch(ModelConfig config, RunConfig run, long tokens, long scored)
    {
        long hidden = config.HiddenSize, queries = (long)config.Heads * config.HeadDim, keys = (long)config.KeyValueHeads * config.HeadDim, inner = config.IntermediateSize;
        // Inputs of two norms and of the projections behind them; q, k, v and what attention made of them; gate, up and their product.
        var layer = 4 * hidden + 2 * queries + 2 * keys + 3 * inner;
        if (run.Lora is { Rank: > 0, Dropout: > 0 })
            layer += 2 * (2 * hidden + queries + inner); // each stack's dropped input, and what was dropped
        var kept = run.GradientCheckpointing ? config.Layers * hidden + layer : config.Layers * layer;
        var goingBack = 4 * hidden + 5 * inner;
        var logits = scored * config.VocabSize;
        var head = 2 * scored * hidden + (logits <= F.LargestLogits ? 2 * logits : F.LargestLogits) + (run.Lora.Rank == 0 ? config.VocabSize * hidden : 0);
        return (long)((tokens * (kept + goingBack) + head) * Size(run.Dtype) * (run.GradientCheckpointing ? OverheadOfCheckpointing : Overhead));
    }

    /// <summary>Bytes that the engine needs at most: the larger of training and of generating, with examples as long as the settings allow.</summary>
    public static long Peak(ModelConfig config, RunConfig run) => Peak(config, run, Math.Min(run.MaxLength, config.MaxPositions));

    /// <inheritdoc cref="Peak(ModelConfig, RunConfig)"/>
    /// <param name="longest">Longest prompt with its human answer, in tokens.</param>
    public static long Peak(ModelConfig config, RunConfig run, int longest)
    {
        var prompt = Math.Min(run.MaxPromptLength, longest);
        var opponent = run.Kind == RunKind.Sft ? 0 : Math.Min(run.Generation.MaxNewTokens, run.MaxLength);
        var tokens = (long)run.MicroBatchSize * (longest + opponent);
        var training = ToTrain(config, run) + OfMicroBatch(config, run, tokens, scored: tokens);
        var generating = ToGenerate(config, run.Dtype, run.Generation.BatchSize, Math.Min(prompt + run.Generation.MaxNewTokens, config.MaxPositions));
        return Program + Math.Max(training, generating);
    }

    private static int PerTrained(Precision precision, OptimizerKind optimizer) => 2 * Size(precision) + (precision == Precision.Bf16 ? 8 : 0) + (optimizer == OptimizerKind.AdamW ? 8 : 4);

    private static int Size(Precision precision) => precision == Precision.Bf16 ? 2 : 4;
}
