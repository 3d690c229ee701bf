using System.Globalization;
using System.Text.RegularExpressions;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>What a run that ran out of memory says: the figures, and settings that would fit.</summary>
internal static partial class OutOfMemory
{
    private const int Suggestions = 2;

    /// <param name="allocation">The allocator's own words.</param>
    /// <param name="model">Null when the run did not get so far as to know it.</param>
    /// <param name="memory">Bytes of the machine, or of the container that this process runs in.</param>
    public static FailedEvent Failure(string allocation, RunConfig run, ModelConfig? model, long memory)
    {
        var asked = Bytes().Match(allocation) is { Success: true } match ? $" {Text(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))} more were asked for." : $" {allocation.Split('\n')[0]}";
        var has = $"The machine ran out of memory: it has {Text(memory)}.{asked}";
        if (model is null)
            return new FailedEvent("out_of_memory", has, ["Take a smaller model, or a machine with more memory"]);
        var stays = MemoryEstimate.ToTrain(model, run);
        var fitting = FittingSettings.For(model, run, memory).Take(Suggestions).ToList();
        return new FailedEvent(
            "out_of_memory",
            $"{has} This run of a model with {model.ParameterCount.ToString("N0", CultureInfo.InvariantCulture)} parameters needs up to about {Text(MemoryEstimate.Peak(model, run))}, of which {Text(stays)} stay through the training.",
            fitting.Count > 0
                ? [.. fitting.Select(change => $"Set {change.Text}: about {Text(change.Bytes)}")]
                : [$"No setting makes this run fit: even adapters of rank 1 on this model need about {Text(MemoryEstimate.Peak(model, Least(run)))}. Take a smaller model, or a machine with more memory"]);
    }

    private static RunConfig Least(RunConfig run) => run with
    {
        Dtype = Precision.Bf16, Lora = run.Lora with { Rank = 1 }, GradientCheckpointing = true, MicroBatchSize = 1, MaxLength = 64, MaxPromptLength = 32,
        Generation = run.Generation with { BatchSize = 1, MaxNewTokens = 32 },
    };

    private static string Text(double bytes) => bytes < 1e9 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:N1} GB");

    [GeneratedRegex(@"(\d+) bytes")]
    private static partial Regex Bytes();
}
