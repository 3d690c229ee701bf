using System.Globalization;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <param name="Bytes">Estimated peak of the engine.</param>
/// <param name="Formula">How it was reckoned, for people.</param>
public sealed record MemoryNeed(long Bytes, string Formula);

/// <summary>Estimates the engine's peak memory from the shapes that it keeps.</summary>
internal static class RunMemory
{
    /// <summary>libtorch, .NET and their buffers.</summary>
    private const long Base = 400_000_000;

    /// <summary>Values of a hidden width, and of an intermediate width, that a decoder layer keeps for the backward pass, per token.</summary>
    private const int KeptHidden = 14, KeptIntermediate = 4;

    /// <summary>Rows of the output head that exist at a time.</summary>
    private const int LogitRows = 2048;

    /// <param name="shape">Null when the model's config.json cannot be read: then only the weights are counted.</param>
    /// <param name="longest">Longest prompt with answer of the dataset, in tokens.</param>
    public static MemoryNeed Of(RunConfig config, long parameters, ModelConfig? shape, int longest)
    {
        var bf16 = config.Dtype == Precision.Bf16;
        var width = bf16 ? 2 : 4;
        // bf16: weights and gradients of 2 bytes beside masters and gradients of 4; fp32: weights and gradients of 4. Then one moment of 4, or two.
        var perParameter = (bf16 ? 12 : 8) + (config.Optimizer == OptimizerKind.AdamW ? 8 : 4);
        var weights = perParameter * parameters;
        if (shape is null)
        {
            return new MemoryNeed(Base + weights, $"{Format.Bytes(Base)} for the program + {perParameter} bytes × {Format.Count(parameters)} parameters");
        }

        long length = Math.Clamp(longest + (config.Kind == RunKind.Spin ? config.Generation.MaxNewTokens : 0), 1, Math.Max(1, 2 * config.MaxLength));
        var tokens = config.MicroBatchSize * length;
        var activations = tokens * shape.Layers * ((KeptHidden * (long)shape.HiddenSize) + (KeptIntermediate * (long)shape.IntermediateSize)) * width;
        var logits = Math.Min(tokens, LogitRows) * shape.VocabSize * 8L;
        var cache = (long)config.Generation.BatchSize * Math.Min(config.MaxLength, config.MaxPromptLength + config.Generation.MaxNewTokens) * 2 * shape.Layers * shape.KeyValueHeads * shape.HeadDim * width;
        var working = Math.Max(activations + logits, cache);
        return new MemoryNeed(Base + weights + working, string.Create(CultureInfo.InvariantCulture,
            $"{Format.Bytes(Base)} for the program + {perParameter} bytes × {Format.Count(parameters)} parameters = {Format.Bytes(weights)} + the larger of training ({config.MicroBatchSize} pairs of {length} tokens: {Format.Bytes(activations + logits)}) and generating ({config.Generation.BatchSize} answers' cache: {Format.Bytes(cache)})"));
    }
}
