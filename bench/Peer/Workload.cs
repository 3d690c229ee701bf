using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Bench.Peer;

/// <summary>What both sides work on: a model with random weights, and pairs of random tokens with lengths as in instruction data.</summary>
internal static class Workload
{
    public const int VocabSize = 8192, MostNewTokens = 128;

    /// <summary>Every token whose id is a multiple of this ends an answer: drawn nearly uniformly by a random model, answers end as of themselves, after 64 tokens on average.</summary>
    public const int StopEvery = 64;

    private const int Shortest = 32, Longest = 256;

    public static int[] StopIds { get; } = [.. Enumerable.Range(0, VocabSize / StopEvery).Select(i => i * StopEvery)];

    /// <summary>About 5, 30 or 120 million parameters.</summary>
    public static ModelConfig Config(int millions) => Shape(millions switch
    {
        5 => (192, 640, 8, 6, 3),
        30 => (512, 1536, 8, 8, 4),
        120 => (1024, 2816, 10, 16, 8),
        _ => throw new ArgumentOutOfRangeException(nameof(millions), millions, "5, 30 or 120"),
    });

    /// <summary>Writes <c>model/</c> and <c>pairs.json</c> into a folder.</summary>
    public static void Write(string folder, ModelConfig config, IReadOnlyList<TokenTriple> pairs)
    {
        using var model = new LlamaModel(config, ScalarType.Float32);
        LlamaModelFiles.Randomise(model, RandomStream.From(1));
        LlamaModelFiles.Save(model, Path.Combine(Repository.Root, "samples", "model"), Path.Combine(folder, "model"));
        File.WriteAllText(Path.Combine(folder, "pairs.json"), JsonSerializer.Serialize(pairs, JsonSerializerOptions.Web));
    }

    /// <summary>Pairs with lengths spread evenly over 32 … 256 tokens in logarithm, each part by itself: many short, some long.</summary>
    public static List<TokenTriple> Pairs(int count)
    {
        var random = RandomStream.From(2);
        return [.. Enumerable.Range(0, count).Select(_ => new TokenTriple(Tokens(Length()), Tokens(Length()), Tokens(Length())))];

        int Length() => (int)(Shortest * Math.Pow((double)Longest / Shortest, random.NextDouble()));

        int[] Tokens(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(VocabSize))];
    }

    /// <summary>Pairs whose parts all have one length.</summary>
    public static List<TokenTriple> Pairs(int count, int length)
    {
        var random = RandomStream.From(3);
        return [.. Enumerable.Range(0, count).Select(_ => new TokenTriple(Tokens(), Tokens(), Tokens()))];

        int[] Tokens() => [.. Enumerable.Range(0, length).Select(_ => random.Next(VocabSize))];
    }

    private static ModelConfig Shape((int Hidden, int Intermediate, int Layers, int Heads, int KeyValueHeads) of) => new()
    {
        VocabSize = VocabSize,
        HiddenSize = of.Hidden,
        IntermediateSize = of.Intermediate,
        Layers = of.Layers,
        Heads = of.Heads,
        KeyValueHeads = of.KeyValueHeads,
        HeadDim = of.Hidden / of.Heads,
        TieWordEmbeddings = true,
        MaxPositions = 2304,
        EosTokenIds = [1],
        PadTokenId = 0,
    };
}

/// <summary>A prompt, the human answer and the opponent's, as token ids.</summary>
internal sealed record TokenTriple(int[] Prompt, int[] Real, int[] Generated)
{
    public int Tokens => Prompt.Length + Real.Length + Generated.Length;
}
