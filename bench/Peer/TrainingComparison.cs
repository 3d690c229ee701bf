using System.Globalization;
using System.Text;

namespace SpinStudio.Bench.Peer;

/// <summary>A training step of ours beside one of the official trainer written in plain PyTorch: same weights, same pairs, in turn.</summary>
internal static class TrainingComparison
{
    private const double LearningRate = 5e-7;

    /// <summary>Epochs over which the one pass that scores the reference is shared.</summary>
    private const int Epochs = 2;

    public static Section Measure(Setting setting, string dtype)
    {
        var (millions, size, rounds) = setting.Quick ? (5, 2, 1) : dtype == "bf16" ? (30, 8, 5) : (30, 2, 5);
        var config = Workload.Config(millions);
        var pairs = setting.Quick ? Workload.Pairs(4, 40) : Workload.Pairs(size * (rounds + 1));
        Workload.Write(setting.Folder, config, pairs);
        int[][] batches = [.. Enumerable.Range(0, pairs.Count).Chunk(size)];

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"A step of {size} pairs ({batches.Skip(1).SelectMany(b => b).Average(i => pairs[i].Tokens):F0} tokens a pair on average), {config.ParameterCount / 1e6:F1} million parameters, {setting.Threads} threads, medians of {rounds} steps in turn (± half the quartile distance).");
        text.AppendLine("Ours includes its half share of the pass that scores the reference, which it makes once for two epochs.\n");
        text.AppendLine("| | PyTorch s | ours s | ratio | PyTorch peak MB | with checkpointing | ours peak MB | ratio | loss apart | gradient apart |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        text.AppendLine(Row(setting, dtype, batches));
        return new Section($"Training step, {dtype}", text.ToString());
    }

    private static string Row(Setting setting, string dtype, int[][] batches)
    {
        using var ours = Side.Ours(setting.Folder);
        using var peer = Side.PyTorch(setting.Folder);
        ours.Do("open", new { threads = setting.Threads, dtype, train = true });
        peer.Do("open", new { threads = setting.Threads, dtype, train = true, learning_rate = LearningRate });

        var (loss, gradient) = Compare(setting, ours, peer, dtype, batches[0]);
        var (oursTimes, peerTimes) = (new Times(), new Times());
        var score = ours.Seconds("score", new { batches }) / batches.Length;
        foreach (var (round, batch) in batches.Index())
        {
            if (round == 1) (_, _) = (ours.PeakMegabytes(), peer.PeakMegabytes());
            var mine = ours.Do("step", new { batch, learning_rate = LearningRate });
            var theirs = peer.Do("step", new { batch, learning_rate = LearningRate });
            Setting.Say($"{dtype} step {round}: PyTorch {(double)theirs["seconds"]!:F2} s, ours {(double)mine["seconds"]!:F2} s and {score:F2} s for the reference; losses {(double)theirs["loss"]!:F6} and {(double)mine["loss"]!:F6}, norms {(double)theirs["norm"]!:F4} and {(double)mine["norm"]!:F4}");
            Parity.Check($"loss of {dtype} step {round}", Math.Abs((double)theirs["loss"]! - (double)mine["loss"]!), dtype == "fp32" ? 1e-4 : 0.05);
            if (round == 0) continue;
            oursTimes.Add((double)mine["seconds"]! + score / Epochs);
            peerTimes.Add((double)theirs["seconds"]!);
        }
        var (oursPeak, peerPeak, leanPeak) = (ours.PeakMegabytes(), peer.PeakMegabytes(), LeanPeak(setting, dtype, batches));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {dtype} | {peerTimes.Median:F2} ± {peerTimes.Spread:P0} | {oursTimes.Median:F2} ± {oursTimes.Spread:P0} | **{peerTimes.Median / oursTimes.Median:F1}** | {peerPeak:F0} | {leanPeak:F0} | {oursPeak:F0} | **{peerPeak / oursPeak:F1}** | {loss:0e-0} | {gradient:0e-0} |");
    }

    /// <summary>Loss and gradients of both sides on one batch, before any step.</summary>
    private static (double Loss, double Gradient) Compare(Setting setting, Side ours, Side peer, string dtype, int[] batch)
    {
        var path = setting.Path("gradients.safetensors");
        ours.Do("score", new { batches = new[] { batch } });
        var mine = ours.Do("gradients", new { batch, path });
        var theirs = peer.Do("compare", new { batch, path });
        var (loss, gradient) = (Math.Abs((double)theirs["loss"]! - (double)mine["loss"]!), (double)theirs["whole"]!);
        Parity.Check($"{dtype} loss", loss, 1e-5);
        Parity.Check($"{dtype} gradients", gradient, dtype == "fp32" ? 1e-4 : 0.05);
        return (loss, gradient);
    }

    /// <summary>Peak of the peer when it computes each layer again on the way back, as the official runs did: slower, but leaner.</summary>
    private static double LeanPeak(Setting setting, string dtype, int[][] batches)
    {
        using var peer = Side.PyTorch(setting.Folder);
        peer.Do("open", new { threads = setting.Threads, dtype, train = true, learning_rate = LearningRate, checkpointing = true });
        foreach (var batch in batches.Take(2))
        {
            peer.PeakMegabytes();
            peer.Do("step", new { batch, learning_rate = LearningRate });
        }
        return peer.PeakMegabytes();
    }
}
