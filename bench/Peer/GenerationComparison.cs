using System.Globalization;
using System.Text;
using SpinStudio.Engine.Export;

namespace SpinStudio.Bench.Peer;

/// <summary>Answers to the same prompts, sampled by us, by a static batch in plain PyTorch, and by llama.cpp on the exported model; in turn.</summary>
internal static class GenerationComparison
{
    private const int Slots = 64, Sequences = 32;

    /// <summary>Threads of llama.cpp, and of ours beside it: it waits busily for its other threads, which on a shared machine makes it ten times slower.</summary>
    private const int LlamaThreads = 1;

    public static Section AgainstPyTorch(Setting setting)
    {
        var prompts = Prepare(setting, 256);
        using var ours = Open(setting.Threads, Side.Ours(setting.Folder));
        using var peer = Open(setting.Threads, Side.PyTorch(setting.Folder));
        var rounds = setting.Quick ? 1 : 2;
        var (mine, theirs) = InTurn(ours, peer, prompts, Slots, rounds);
        return new Section("Generation against PyTorch", Table(setting.Threads, prompts.Length, rounds, [("PyTorch, bf16", Slots, theirs, mine)], Slots));
    }

    public static Section AgainstLlamaCpp(Setting setting)
    {
        var prompts = Prepare(setting, 32);
        var rounds = setting.Quick ? 1 : 2;
        List<(string, int, Rate, Rate)> rows = [];
        using var ours = Open(LlamaThreads, Side.Ours(setting.Folder));
        foreach (var type in new[] { GgufType.F16, GgufType.Q80 })
        {
            var gguf = setting.Path($"{type.Name()}.gguf");
            using (var file = File.Create(gguf))
                GgufWriter.Open(setting.Path("model"), type, "bench").WriteAsync(file, _ => { }).GetAwaiter().GetResult();
            foreach (var (sequences, asked) in new[] { (Sequences, prompts), (1, prompts[..3]) })
            {
                using var peer = Side.LlamaCpp(setting.Folder);
                peer.Do("open", new { gguf, threads = LlamaThreads, batch = sequences, context = 256 + Workload.MostNewTokens });
                var (mine, theirs) = InTurn(ours, peer, asked, sequences == 1 ? 1 : Slots, rounds);
                rows.Add(($"llama.cpp, {type.Name()}", sequences, theirs, mine));
            }
        }
        return new Section("Generation against llama.cpp", Table(LlamaThreads, prompts.Length, rounds, rows, Slots));
    }

    private static int[] Prepare(Setting setting, int count)
    {
        var pairs = Workload.Pairs(setting.Quick ? 8 : count);
        Workload.Write(setting.Folder, Workload.Config(setting.Quick ? 5 : 30), pairs);
        return [.. Enumerable.Range(0, pairs.Count)];
    }

    private static Side Open(int threads, Side side)
    {
        side.Do("open", new { threads, dtype = "bf16", train = false });
        return side;
    }

    /// <summary>Both sides answer the prompts in turn, after a few that do not count.</summary>
    private static (Rate Ours, Rate Theirs) InTurn(Side ours, Side peer, int[] prompts, int slots, int rounds)
    {
        var (mine, theirs) = (new Rate(), new Rate());
        foreach (var side in new[] { ours, peer }) Answer(side, prompts[..Math.Min(4, prompts.Length)], slots);
        for (var round = 0; round < rounds; round++)
            foreach (var (side, rate) in new[] { (ours, mine), (peer, theirs) })
            {
                var (seconds, tokens) = Answer(side, prompts, slots);
                rate.Add(seconds, tokens);
                Setting.Say($"{side.Name}: {prompts.Length} prompts, {slots} at once, {tokens} tokens in {seconds:F2} s");
            }
        return (mine, theirs);
    }

    private static (double Seconds, int Tokens) Answer(Side side, int[] prompts, int slots)
    {
        var answer = side.Do("generate", new { prompts, batch = slots, max_new = Workload.MostNewTokens, stop = Workload.StopIds });
        var lengths = answer["lengths"]!.AsArray().Select(length => (int)length!).ToList();
        if (lengths.Count != prompts.Length || lengths.Exists(length => length is < 1 or > Workload.MostNewTokens))
            throw new InvalidOperationException($"{side.Name} did not answer every prompt within {Workload.MostNewTokens} tokens");
        return ((double)answer["seconds"]!, lengths.Sum());
    }

    private static string Table(int threads, int prompts, int rounds, List<(string What, int Sequences, Rate Theirs, Rate Ours)> rows, int slots)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{prompts} prompts of 32–256 tokens (the first 3 where one is answered at a time), up to {Workload.MostNewTokens} new ones at temperature 1; one id in {Workload.StopEvery} ends an answer. Threads of each side: {threads}; medians of {rounds} rounds in turn (± half the quartile distance), prompts included. Ours computes in bf16 with {slots} slots.\n");
        text.AppendLine("| | sequences at once | their tokens/s | our tokens/s | ratio |");
        text.AppendLine("|---|---:|---:|---:|---:|");
        foreach (var (what, sequences, theirs, ours) in rows)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {what} | {sequences} | {theirs.Median:F0} ± {theirs.Spread:P0} | {ours.Median:F0} ± {ours.Spread:P0} | **{ours.Median / theirs.Median:F1}** |");
        return text.ToString();
    }

    /// <summary>Tokens a second, over rounds.</summary>
    private sealed class Rate
    {
        private readonly Times _perToken = new();

        public void Add(double seconds, int tokens) => _perToken.Add(seconds / tokens);

        public double Median => 1 / _perToken.Median;

        public double Spread => _perToken.Spread;
    }
}
