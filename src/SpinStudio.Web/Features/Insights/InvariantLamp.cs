using System.Globalization;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Insights;

public enum LampState
{
    /// <summary>The first step is not measured yet.</summary>
    Waiting,
    Good,
    Bad,

    /// <summary>Not self-play: nothing of the kind holds.</summary>
    None,
}

/// <summary>
/// Before the first update of an iteration main player and opponent are the same model: every margin is 0 and the loss of the margins ℓ(0), ln 2 for the logistic loss
/// and 1 for the others. Anything else means a wrong reference, dropout that was left on, or two precisions.
/// </summary>
/// <param name="Loss">Of the margins at the first step, without an SFT term; null while it is not measured.</param>
/// <param name="Expected">ℓ(0); null where there is none.</param>
public sealed record InvariantLamp(int Iteration, LampState State, double? Loss, double? Margin, double? Expected, string Sentence)
{
    /// <summary>Means of fp32 log-probs over a batch are no nearer than this, relative to a loss above 1.</summary>
    private const double Tolerance = 1e-5;

    /// <param name="firstLoss">Metrics of the first step; null while there are none. <paramref name="firstNll"/> is there when the loss has an SFT term.</param>
    public static InvariantLamp Of(int iteration, RunConfig config, double? firstLoss, double? firstMargin, double? firstNll = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Kind == RunKind.Sft)
        {
            return new InvariantLamp(iteration, LampState.None, firstLoss, null, null, "Supervised fine-tuning has no opponent, so its first loss is not fixed.");
        }

        var (expected, name) = (config.Loss.AtStart(), config.Loss == SpinLossType.Sigmoid ? "ln 2 = 0.6931" : config.Loss.AtStartText());
        if (MetricNames.MarginLoss(firstLoss, firstNll, config.SftWeight) is not { } measured)
        {
            return new InvariantLamp(iteration, LampState.Waiting, null, null, expected, $"Before its first update the loss has to be {name} and the margin 0.");
        }

        var holds = Math.Abs(measured - expected) <= Tolerance * (1 + Math.Abs(firstLoss!.Value - measured)) && firstMargin is { } margin && Math.Abs(margin) <= Tolerance;
        return holds
            ? new InvariantLamp(iteration, LampState.Good, measured, firstMargin, expected, $"Loss {name} and margin 0 before the first update: {(config.Kind == RunKind.Dpo ? "model and reference" : "main player and opponent")} were the same model.")
            : new InvariantLamp(iteration, LampState.Bad, measured, firstMargin, expected, string.Create(CultureInfo.InvariantCulture,
                $"Before the first update the loss was {measured:0.0000} instead of {name}, the margin {firstMargin?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "not finite"} instead of 0: the reference does not belong to the model that training started from."));
    }
}
