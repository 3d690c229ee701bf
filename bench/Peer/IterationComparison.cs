using System.Globalization;
using System.Text;

namespace SpinStudio.Bench.Peer;

/// <summary>A whole iteration of self-play: answers are generated, pairs scored, two epochs trained; against the official pipeline's shape in plain PyTorch.</summary>
internal static class IterationComparison
{
    private const int Epochs = 2, Slots = 64;
    private const double LearningRate = 5e-7;

    public static Section Measure(Setting setting)
    {
        var (millions, count, size) = setting.Quick ? (5, 4, 2) : (30, 32, 8);
        var pairs = Workload.Pairs(count);
        Workload.Write(setting.Folder, Workload.Config(millions), pairs);
        using var ours = Side.Ours(setting.Folder);
        using var peer = Side.PyTorch(setting.Folder);
        Side[] sides = [peer, ours];
        var seconds = sides.Select(_ => new Dictionary<string, double> { ["generate"] = 0, ["score"] = 0, ["train"] = 0 }).ToArray();
        foreach (var side in sides) side.Do("open", new { threads = setting.Threads, dtype = "bf16", train = true, learning_rate = LearningRate });

        // Training's pairs are the same on both sides; so that they are, what was generated is not what is trained on.
        int[] prompts = [.. Enumerable.Range(0, count)];
        int[][] batches = [.. prompts.Chunk(size)];
        var tokens = InTurn("generate", new { prompts, batch = Slots, max_new = Workload.MostNewTokens, stop = Workload.StopIds });
        InTurn("score", new { batches });
        for (var epoch = 0; epoch < Epochs; epoch++)
            foreach (var batch in batches)
                InTurn("train", new { batch, learning_rate = LearningRate }, "step");

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{count} pairs, {millions} million parameters, bf16, steps of {size}, {Epochs} epochs, {setting.Threads} threads; the sides took turns at every step. PyTorch drew {tokens[0]} tokens in static batches of {Slots}, we {tokens[1]}.\n");
        text.AppendLine("| | PyTorch s | ours s | ratio |");
        text.AppendLine("|---|---:|---:|---:|");
        foreach (var phase in seconds[0].Keys) text.AppendLine(Row(phase, seconds[0][phase], seconds[1][phase]));
        text.AppendLine(Row("whole iteration", seconds[0].Values.Sum(), seconds[1].Values.Sum()));
        return new Section("Whole iteration", text.ToString());

        int[] InTurn(string phase, object arguments, string? command = null)
        {
            var drawn = new int[sides.Length];
            foreach (var (i, side) in sides.Index())
            {
                var answer = side.Do(command ?? phase, arguments);
                seconds[i][phase] += (double)answer["seconds"]!;
                drawn[i] = answer["lengths"]?.AsArray().Sum(length => (int)length!) ?? 0;
            }
            Setting.Say($"{phase}: PyTorch {seconds[0][phase]:F1} s, ours {seconds[1][phase]:F1} s");
            return drawn;
        }
    }

    private static string Row(string phase, double theirs, double ours) => theirs < 0.001
        ? string.Create(CultureInfo.InvariantCulture, $"| {phase} | | {ours:F2} | |")
        : string.Create(CultureInfo.InvariantCulture, $"| {phase} | {theirs:F2} | {ours:F2} | **{theirs / ours:F1}** |");
}
