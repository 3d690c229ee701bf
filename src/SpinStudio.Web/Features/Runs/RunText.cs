using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Sentences about a run.</summary>
internal static class RunText
{
    /// <summary>Where it is: <c>Iteration 1 of 3 · training 120 of 400 steps</c>.</summary>
    public static string Where(RunSummary run)
    {
        var iteration = run.CurrentIteration switch
        {
            null => null,
            < 0 => "Starting model",
            _ when run.Kind is "sft" or "dpo" => null,
            { } t => $"Iteration {t} ({t + 1} of {run.Iterations})",
        };
        var phase = run.PhaseTotal > 0 ? $"{run.StatusText.ToLowerInvariant()} {Format.Count(run.PhaseDone)} of {Format.Count(run.PhaseTotal)} {run.PhaseUnit}" : run.StatusText.ToLowerInvariant();
        return iteration is null ? Sentence(phase) : $"{iteration} · {phase}";
    }

    public static string Eta(RunSummary run) => run switch
    {
        { Status: RunStatus.Running, EtaSeconds: { } seconds } => $"{Format.Duration(seconds)} left",
        { Status: RunStatus.Running } => "estimating…",
        _ => "",
    };

    /// <summary>The kind of a run as it is stored: spin, sft or dpo.</summary>
    public static string KindWord(RunKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The kind of a run for people.</summary>
    /// <param name="kind">As it is stored.</param>
    public static string KindName(string kind) => kind switch
    {
        "sft" => "Fine-tuning",
        "dpo" => "Preference tuning",
        _ => "Self-play",
    };

    /// <summary>What is trained on what.</summary>
    public static string What(RunSummary run) =>
        $"{KindName(run.Kind)} of {run.ModelName ?? "a deleted model"} on {run.DatasetName ?? "a deleted dataset"}";

    /// <summary>Wall time so far, or in all.</summary>
    public static string Elapsed(RunSummary run) => run.StartedAt is { } start ? Format.Duration((run.EndedAt ?? DateTimeOffset.UtcNow) - start) : "–";

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
