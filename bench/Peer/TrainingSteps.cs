using SpinStudio.Engine.Models;

namespace SpinStudio.Bench.Peer;

/// <summary>Steps of our trainer, bf16, on one batch in a process of its own.</summary>
internal static class TrainingSteps
{
    /// <param name="warmUps">Steps before those that count.</param>
    /// <returns>Median of the seconds a step, and the peak of the process in MB.</returns>
    public static (double Seconds, double PeakMegabytes) Measure(Setting setting, string name, ModelConfig config, List<TokenTriple> pairs, int warmUps, int rounds)
    {
        var folder = setting.SubFolder(name);
        Workload.Write(folder, config, pairs);
        using var ours = Side.Ours(folder);
        int[] batch = [.. Enumerable.Range(0, pairs.Count)];
        ours.Do("open", new { threads = setting.Threads, dtype = "bf16", train = true });
        ours.Do("score", new { batches = new[] { batch } });
        var times = new Times();
        for (var round = -warmUps; round < rounds; round++)
        {
            var seconds = ours.Seconds("step", new { batch, learning_rate = 5e-7 });
            if (round >= 0) times.Add(seconds);
        }
        Setting.Say($"{name}: {times.Median:F3} s");
        return (times.Median, ours.PeakMegabytes());
    }
}
