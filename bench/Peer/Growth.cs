using System.Globalization;
using System.Text;
using SpinStudio.Engine.Models;

namespace SpinStudio.Bench.Peer;

/// <summary>Time and memory of ours against parameters, sequence length and pairs: each size in a process of its own.</summary>
internal static class Growth
{
    public static Section Measure(Setting setting)
    {
        var text = new StringBuilder();
        text.AppendLine("Training in bf16, one process a row; seconds are the median of 3 steps after one that does not count, memory is the peak of the process.\n");

        text.AppendLine("**Parameters**, 4 pairs of 3 × 96 tokens a step:\n");
        text.AppendLine("| million parameters | s a step | µs per million parameters and token | peak MB | bytes per parameter above 5 M |");
        text.AppendLine("|---:|---:|---:|---:|---:|");
        (double Millions, double Megabytes)? first = null;
        foreach (var millions in setting.Quick ? [5] : new[] { 5, 30, 120 })
        {
            var config = Workload.Config(millions);
            var size = config.ParameterCount / 1e6;
            var (seconds, peak) = TrainingSteps.Measure(setting, $"parameters-{millions}", config, Workload.Pairs(4, 96), warmUps: 1, rounds: 3);
            var slope = first is { } small ? ((peak - small.Megabytes) / (size - small.Millions)).ToString("F1", CultureInfo.InvariantCulture) : "";
            first ??= (size, peak);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {size:F1} | {seconds:F3} | {seconds * 1e6 / size / (4 * 3 * 96):F1} | {peak:F0} | {slope} |");
        }

        text.AppendLine("\n**Sequence length**, prompt and answer half each, 30 million parameters, one pair a step:\n");
        text.AppendLine("| tokens of a sequence | s a step | ms a token | peak MB | KB a token above the first row |");
        text.AppendLine("|---:|---:|---:|---:|---:|");
        (int Tokens, double Megabytes)? shortest = null;
        foreach (var length in setting.Quick ? [256] : new[] { 256, 512, 1024, 2048 })
        {
            var tokens = length / 2 * 3;
            var (seconds, peak) = TrainingSteps.Measure(setting, $"length-{length}", Workload.Config(setting.Quick ? 5 : 30), Workload.Pairs(1, length / 2), warmUps: 1, rounds: 3);
            var slope = shortest is { } least ? ((peak - least.Megabytes) * 1e3 / (tokens - least.Tokens)).ToString("F0", CultureInfo.InvariantCulture) : "";
            shortest ??= (tokens, peak);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {length} | {seconds:F3} | {seconds * 1e3 / tokens:F2} | {peak:F0} | {slope} |");
        }

        text.AppendLine("\n**Pairs**, scaled down in width so that the number can be real: every pair has 3 × 8 tokens, the model one layer of 64; answers to all prompts, then scoring and one epoch in steps of 64:\n");
        text.AppendLine("| pairs | generate s | score and train s | ms a pair | peak MB | KB a pair above the first row |");
        text.AppendLine("|---:|---:|---:|---:|---:|---:|");
        (int Pairs, double Megabytes)? fewest = null;
        foreach (var count in setting.Quick ? [200] : new[] { 1_000, 10_000, 100_000 })
        {
            var (generate, train, peak) = Pairs(setting, count);
            var slope = fewest is { } few ? ((peak - few.Megabytes) * 1e3 / (count - few.Pairs)).ToString("F2", CultureInfo.InvariantCulture) : "";
            fewest ??= (count, peak);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {count:N0} | {generate:F1} | {train:F1} | {(generate + train) * 1e3 / count:F2} | {peak:F0} | {slope} |");
        }
        return new Section("Growth", text.ToString());
    }

    private static (double Generate, double Train, double PeakMegabytes) Pairs(Setting setting, int count)
    {
        const int Length = 8;
        var folder = setting.SubFolder($"pairs-{count}");
        var small = Workload.Config(5) with { HiddenSize = 64, IntermediateSize = 128, Layers = 1, Heads = 2, KeyValueHeads = 1, HeadDim = 32 };
        Workload.Write(folder, small, Workload.Pairs(count, Length));
        using var ours = Side.Ours(folder);
        ours.Do("open", new { threads = setting.Threads, dtype = "bf16", train = true });
        var generate = ours.Seconds("generate", new { prompts = Enumerable.Range(0, count).ToArray(), batch = 64, max_new = Length, stop = Workload.StopIds });
        var train = ours.Seconds("epoch", new { size = 64 });
        Setting.Say($"{count} pairs: {generate:F1} s and {train:F1} s");
        return (generate, train, ours.PeakMegabytes());
    }
}
