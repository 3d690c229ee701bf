using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Output;

/// <summary>Journal events as lines for people.</summary>
internal static class EventText
{
    /// <summary>The line of an event that is worth one; null for the frequent ones, which belong on a progress line, and for a failure, which goes to standard error.</summary>
    public static string? Line(JournalEvent journalEvent) => journalEvent switch
    {
        StartedEvent e => $"{(e.Resumed ? "Resumed" : "Started")} on {e.Device}: {e.Dtype}, {e.Threads} threads, libtorch {e.LibtorchVersion}",
        EvaluationEvent { Report: var r } => $"{Model(r.Iteration)}: exact {Figures.Share(r.Exact)}, {Figures.Mean(r.Nll)} nats a token"
            + (r.RewardAccuracy is null ? "" : $", reward accuracy {Figures.Share(r.RewardAccuracy)}"),
        IterationEvent e => $"Iteration {e.Iteration} finished in {Figures.Duration(e.Seconds)}: {Figures.Count(e.Pairs)} pairs{Dropped(e)}; model in {e.Model}",
        AdviceEvent e => $"After iteration {e.Iteration}: {e.Sentence}{(e.Ends ? " The run ends here, as early_stop asked." : "")}",
        LogEvent { Level: "info" } e => e.Message,
        LogEvent e => $"{e.Level}: {e.Message}",
        StoppedEvent e => $"Stopped with a checkpoint ({e.Reason}); the same command with --resume goes on.",
        FinishedEvent e => $"Finished in {Figures.Duration(e.Seconds)}; model in {e.Model}",
        _ => null,
    };

    /// <summary>iteration 0, train.</summary>
    public static string Phase(int iteration, RunPhase phase) => $"{(iteration < 0 ? "start" : $"iteration {iteration}")}, {phase.ToString().ToLowerInvariant()}";

    /// <summary>34/120 steps, 3,210 tokens/s.</summary>
    public static string Progress(ProgressEvent e) =>
        $"{Figures.Count(e.Done)}/{Figures.Count(e.Total)} {e.Unit}" + (e.TokensPerSecond > 0 ? $", {Figures.Count(e.TokensPerSecond)} tokens/s" : "");

    /// <summary>loss 0.41, margin 1.2, accuracy 93.8 %: what of a step's metrics fits on a line.</summary>
    public static string Metrics(MetricsEvent e)
    {
        var parts = new List<string>();
        if (e.Values.TryGetValue("loss", out var loss))
            parts.Add($"loss {Figures.Number(loss)}");
        if (e.Values.TryGetValue("rewards/margins", out var margin))
            parts.Add($"margin {Figures.Number(margin)}");
        if (e.Values.TryGetValue("rewards/accuracies", out var accuracy))
            parts.Add($"accuracy {(accuracy is { } share ? Figures.Share(share) : "–")}");
        return string.Join(", ", parts);
    }

    private static string Model(int iteration) => iteration < 0 ? "Starting model" : $"Model of iteration {iteration}";

    private static string Dropped(IterationEvent e) =>
        e.Dropped.Values.Sum() is var sum and > 0
            ? $", {Figures.Count(sum)} dropped ({string.Join(", ", e.Dropped.Where(reason => reason.Value > 0).Select(reason => $"{Figures.Count(reason.Value)} {reason.Key.Replace('_', ' ')}"))})"
            : "";
}
