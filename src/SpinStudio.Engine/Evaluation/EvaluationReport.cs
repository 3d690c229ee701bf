namespace SpinStudio.Engine.Evaluation;

/// <summary>A mean with its 95 % interval. For rates the interval is Wilson's, for other means the normal one.</summary>
/// <param name="Count">Observations behind the mean.</param>
public sealed record Estimate(double Mean, double Low, double High, int Count);

/// <summary>Held-out evaluation of one model: the content of <c>evaluation.json</c>.</summary>
public sealed record EvaluationReport
{
    /// <summary>The iteration whose finished model was evaluated; −1 = the starting model.</summary>
    public required int Iteration { get; init; }

    /// <summary>Held-out examples evaluated.</summary>
    public required int Examples { get; init; }

    /// <summary>Share of sampled answers that pass their exact check; null when no example carries one.</summary>
    public Estimate? Exact { get; init; }

    /// <summary>The same by check kind.</summary>
    public IReadOnlyDictionary<string, Estimate> ExactByKind { get; init; } = new Dictionary<string, Estimate>();

    /// <summary>Negative log-likelihood of the human answer, in nats a token.</summary>
    public required Estimate Nll { get; init; }

    /// <summary>Change of that against the model before, paired by example; below 0 is better. Null for the starting model.</summary>
    public Estimate? NllChange { get; init; }

    /// <summary>Share of held-out pairs (human answer, answer of this iteration's opponent; for DPO: chosen, rejected) whose implicit reward prefers the first; null for the starting model and for SFT.</summary>
    public Estimate? RewardAccuracy { get; init; }

    /// <summary>Mean implicit reward margin on the same pairs, in units of β × nats.</summary>
    public Estimate? RewardMargin { get; init; }

    /// <summary>Mean length of sampled answers, in tokens.</summary>
    public required double MeanLength { get; init; }

    /// <summary>Share of sampled answers that were cut at the limit.</summary>
    public required double TruncatedShare { get; init; }
}
