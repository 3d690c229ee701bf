namespace SpinStudio.Engine.Runs;

/// <summary>Names of training metrics that more than one place reads; the others stand where they are written. They are those of the official code.</summary>
public static class MetricNames
{
    /// <summary>What is minimised, the SFT term included.</summary>
    public const string Loss = "loss";

    /// <summary>Negative log-likelihood a token of the human answers; there when the loss has an SFT term.</summary>
    public const string Nll = "nll_loss";

    /// <summary>β·m: reward of the human answer minus that of the opponent's.</summary>
    public const string Margin = "rewards/margins";

    /// <summary>The loss of the margin: what was minimised without the SFT term.</summary>
    /// <param name="sftWeight"><see cref="RunConfig.SftWeight"/>.</param>
    public static double? MarginLoss(double? loss, double? nll, double sftWeight) => sftWeight > 0 ? loss - sftWeight * nll : loss;
}
