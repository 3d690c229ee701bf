namespace SpinStudio.Data;

/// <summary>
/// What the list of runs shows, sorts and filters by: kept up to date by the journal's projection, so that no list reads points or reports.
/// All null until the journal said something about them.
/// </summary>
public sealed partial class Run
{
    /// <summary>Seconds from the first start to the newest event, pauses included.</summary>
    public double? WorkSeconds { get; set; }

    /// <summary>Optimizer steps over all iterations.</summary>
    public long? Steps { get; set; }

    public double? LossLast { get; set; }

    public double? LossMin { get; set; }

    public double? LossMax { get; set; }

    /// <summary>The loss thinned to a few dozen values, as text: steps between two values, then the values.</summary>
    public string? LossCurve { get; set; }

    /// <summary>Share of held-out answers of the starting model that pass their exact check.</summary>
    public double? ExactStart { get; set; }

    /// <summary>The same of the newest evaluated model.</summary>
    public double? ExactLast { get; set; }

    /// <summary>The largest of any iteration.</summary>
    public double? ExactBest { get; set; }

    /// <summary>The newest model's rate minus the starting model's, over the same prompts.</summary>
    public double? ExactChange { get; set; }

    /// <summary>Ends of the 95 % interval of <see cref="ExactChange"/>.</summary>
    public double? ExactChangeLow { get; set; }

    public double? ExactChangeHigh { get; set; }

    /// <summary>Prompts behind <see cref="ExactChange"/>.</summary>
    public int? ExactCount { get; set; }

    /// <summary>Held-out negative log-likelihood of the newest model, in nats a token.</summary>
    public double? NllLast { get; set; }

    /// <summary>The smallest of any iteration.</summary>
    public double? NllBest { get; set; }
}
