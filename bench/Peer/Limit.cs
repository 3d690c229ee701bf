using System.Diagnostics;
using System.Globalization;
using System.Text;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Bench.Peer;

/// <summary>How close the engine comes to what the machine can do: matrix-product rate in training and prefill, memory bandwidth in decoding, and what a step costs beside its arithmetic.</summary>
internal static class Limit
{
    private const int Rounds = 5, Slots = 64, Decoded = 32;

    public static Section Measure(Setting setting)
    {
        torch.set_num_threads(setting.Threads);
        var config = Workload.Config(setting.Quick ? 5 : 30);
        var pairs = Workload.Pairs(64);
        var narrow = config with { HiddenSize = 16, IntermediateSize = 16, Heads = 1, KeyValueHeads = 1, HeadDim = 16, VocabSize = 1280 };
        List<TokenTriple> short_ = [.. Enumerable.Range(0, 8).Select(_ => new TokenTriple([1, 2], [3, 4], [5, 6]))];

        var train = TrainingSteps.Measure(setting, "train", config, pairs[..8], warmUps: 2, Rounds).Seconds;
        var overhead = TrainingSteps.Measure(setting, "overhead", narrow, short_, warmUps: 2, Rounds).Seconds;
        using var noGrad = torch.no_grad();
        using var model = new LlamaModel(config, ScalarType.BFloat16);
        using var small = new LlamaModel(narrow, ScalarType.BFloat16);
        LlamaModelFiles.Randomise(model, RandomStream.From(1));
        var (products, copy, read, prefill, many, single, idle) = (new Times(), new Times(), new Times(), new Times(), new Times(), new Times(), new Times());
        const long Large = 1 << 27;
        using var source = torch.zeros([Large], ScalarType.Float32);
        using var target = torch.zeros([Large], ScalarType.Float32);
        using var weights = torch.zeros([model.Parameters.Count / 2], ScalarType.Float32);
        using var left = torch.randn([2048, 512]).to(ScalarType.BFloat16);
        using var right = torch.randn([3072, 512]).to(ScalarType.BFloat16);
        foreach (var round in Enumerable.Range(0, Rounds))
        {
            products.Add(Fastest(() => torch.nn.functional.linear(left, right).Dispose()));
            copy.Add(Fastest(() => target.copy_(source)));
            read.Add(Fastest(() => weights.sum().Dispose()));
            prefill.Add(Answer(model, pairs, 1));
            many.Add((Answer(model, pairs, 1 + Decoded) - prefill.Median) / Decoded);
            single.Add((Answer(model, pairs[..1], 1 + Decoded) - Answer(model, pairs[..1], 1)) / Decoded);
            idle.Add((Answer(small, short_, 1 + Decoded) - Answer(small, short_, 1)) / Decoded);
            Setting.Say($"round {round}");
        }

        var rate = 2.0 * 2048 * 512 * 3072 / products.Median;
        var trained = pairs[..8].Sum(pair => 3 * Operations(config, [pair.Prompt.Length, pair.Real.Length - 1, pair.Generated.Length - 1], pair.Real.Length + pair.Generated.Length));
        var prefilled = pairs.Sum(pair => Operations(config, [pair.Prompt.Length], 1));
        var weightBytes = 2.0 * model.Parameters.Count;
        var perToken = 2.0 * 2 * config.Layers * config.KeyValueHeads * config.HeadDim;
        var cached = perToken * pairs.Sum(pair => pair.Prompt.Length + Decoded / 2);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{config.ParameterCount / 1e6:F1} million parameters, bf16, {setting.Threads} threads, medians of {Rounds} rounds. bf16 matrix products reach {rate / 1e9:F0} GFLOP/s ([2048, 512] × [512, 3072]); copying {Large * 4 / 1e6:F0} MB moves {2 * 4.0 * Large / copy.Median / 1e9:F1} GB/s; reading as many bytes as the weights have, again and again, {weightBytes / read.Median / 1e9:F1} GB/s (they fit the last-level cache).\n");
        text.AppendLine("| | time | reached | share of the limit |");
        text.AppendLine("|---|---:|---:|---:|");
        text.AppendLine(CultureInfo.InvariantCulture, $"| training step, 8 pairs | {train:F2} s | {trained / train / 1e9:F0} GFLOP/s | {trained / train / rate:P0} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| prefill of 64 prompts | {prefill.Median * 1e3:F0} ms | {prefilled / prefill.Median / 1e9:F0} GFLOP/s | {prefilled / prefill.Median / rate:P0} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| decoding step, 64 slots | {many.Median * 1e3:F1} ms | {(weightBytes + cached) / many.Median / 1e9:F1} GB/s, {2 * Slots * model.Parameters.Count / many.Median / 1e9:F0} GFLOP/s | {(weightBytes + cached) / many.Median / (weightBytes / read.Median):P0}, {2 * Slots * model.Parameters.Count / many.Median / rate:P0} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| decoding step, 1 slot | {single.Median * 1e3:F1} ms | {weightBytes / single.Median / 1e9:F1} GB/s | {weightBytes / single.Median / (weightBytes / read.Median):P0} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| training step of as many operators at width 16: what is not arithmetic | {overhead * 1e3:F1} ms | | {overhead / train:P1} of a step |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| decoding step of as many operators at width 16, 8 slots | {idle.Median * 1e3:F2} ms | | {idle.Median / single.Median:P0} of a step with 1 slot |");
        return new Section("Closeness to the limit", text.ToString());
    }

    /// <summary>Forward operations: two for each weight and token, the head on scored rows alone, and attention's two products over what each token sees.</summary>
    /// <param name="segments">Tokens of the prompt, then of each answer that follows it.</param>
    private static double Operations(ModelConfig config, int[] segments, int headRows)
    {
        double matrices = config.ParameterCount - (double)config.VocabSize * config.HiddenSize, tokens = segments.Sum(), seen = 0;
        foreach (var (i, length) in segments.Index())
            seen += (i == 0 ? 0 : (double)length * segments[0]) + length * (length + 1.0) / 2;
        return 2 * matrices * tokens + 2.0 * config.VocabSize * config.HiddenSize * headRows + 4.0 * seen * config.Heads * config.HeadDim * config.Layers;
    }

    /// <summary>Seconds to answer the pairs' prompts with exactly so many tokens each.</summary>
    private static double Answer(LlamaModel model, List<TokenTriple> pairs, int tokens)
    {
        var generator = new Generator(model, new GenerationConfig { BatchSize = Slots, MaxNewTokens = tokens }, []);
        var watch = Stopwatch.StartNew();
        generator.Answer([.. pairs.Select((pair, i) => new GenerationRequest(pair.Prompt, RandomStream.From(7, i)))]);
        return watch.Elapsed.TotalSeconds;
    }

    private static double Fastest(Action action) => Enumerable.Range(0, 5).Min(_ =>
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed.TotalSeconds;
    });
}
