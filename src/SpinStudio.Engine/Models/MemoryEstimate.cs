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
        config.ParameterCount * PerTrained(precision, optimizer);

    /// <summary>
    /// Bytes that stay while low-rank adapters of every projection are trained (Hu et al., arXiv 2106.09685): the frozen weights, and for the rank · (in + out) numbers of each adapter what
    /// <see cref="ToTrain"/> counts for a weight.
    /// </summary>
    public static long ToTrainAdapters(ModelConfig config, Precision precision, OptimizerKind optimizer, int rank) =>
        config.ParameterCount * Size(precision) + AdapterCount(config, rank) * PerTrained(precision, optimizer);

    /// <summary>Trainable numbers of adapters on every projection of every layer.</summary>
    public static long AdapterCount(ModelConfig config, int rank) =>
        config.ExpectedTensors().Where(tensor => tensor.Name.EndsWith("_proj.weight", StringComparison.Ordinal)).Sum(tensor => rank * (tensor.Shape[0] + tensor.Shape[1]));

    private static int PerTrained(Precision precision, OptimizerKind optimizer) => 2 * Size(precision) + (precision == Precision.Bf16 ? 8 : 0) + (optimizer == OptimizerKind.AdamW ? 8 : 4);

    private static int Size(Precision precision) => precision == Precision.Bf16 ? 2 : 4;
}
