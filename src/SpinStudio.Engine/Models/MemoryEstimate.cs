using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Models;

/// <summary>Memory that a model needs, from its shape alone.</summary>
public static class MemoryEstimate
{
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
        config.ParameterCount * (2 * Size(precision) + (precision == Precision.Bf16 ? 8 : 0) + (optimizer == OptimizerKind.AdamW ? 8 : 4));

    private static int Size(Precision precision) => precision == Precision.Bf16 ? 2 : 4;
}
