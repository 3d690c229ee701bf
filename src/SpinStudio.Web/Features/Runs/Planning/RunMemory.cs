using System.Globalization;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <param name="Bytes">Estimated peak of the engine.</param>
/// <param name="Formula">How it was reckoned, for people.</param>
public sealed record MemoryNeed(long Bytes, string Formula);

/// <summary>Estimates the engine's peak memory, and says how.</summary>
internal static class RunMemory
{
    /// <param name="shape">Null when the model's config.json cannot be read: then only the weights are counted, as if each were trained.</param>
    /// <param name="longest">Longest prompt with answer of the dataset, in tokens.</param>
    public static MemoryNeed Of(RunConfig config, long parameters, ModelConfig? shape, int longest)
    {
        if (shape is null)
        {
            var perParameter = config.Dtype == Precision.Bf16 ? 16 : 12;
            return new MemoryNeed(MemoryEstimate.Program + perParameter * parameters, $"{Format.Bytes(MemoryEstimate.Program)} for the program + {perParameter} bytes × {Format.Count(parameters)} parameters");
        }

        var (peak, stays) = (MemoryEstimate.Peak(shape, config, longest), MemoryEstimate.ToTrain(shape, config));
        var what = config.Lora.Rank == 0
            ? $"weights, gradients and optimizer of {Format.Count(shape.ParameterCount)} parameters"
            : $"{Format.Count(shape.ParameterCount)} frozen weights and {Format.Count(MemoryEstimate.AdapterCount(shape, config.Lora))} of adapters with gradients and optimizer";
        return new MemoryNeed(peak, string.Create(CultureInfo.InvariantCulture,
            $"{Format.Bytes(MemoryEstimate.Program)} for the program + the larger of training ({what}: {Format.Bytes(stays)}, and a micro-batch of {config.MicroBatchSize} pairs{(config.GradientCheckpointing ? ", layer by layer" : "")}) and generating (weights and the cache of {config.Generation.BatchSize} answers)"));
    }
}
