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
/// Before the first update of an iteration main player and opponent are the same model: every margin is 0 and the loss ℓ(0), ln 2 for the logistic loss and 1 for the
/// hinge. Anything else means a wrong reference, dropout that was left on, or two precisions.
/// </summary>
/// <param name="Loss">At the first step; null while it is not measured.</param>
/// <param name="Expected">ℓ(0); null where there is none.</param>
public sealed record InvariantLamp(int Iteration, LampState State, double? Loss, double? Margin, double? Expected, string Sentence)
{
    /// <summary>Means of fp32 log-probs over a batch are no nearer than this.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>ℓ(0): the loss while main player and opponent are the same.</summary>
    public static double LossAtStart(SpinLossType loss) => loss == SpinLossType.Hinge ? 1 : Math.Log(2);

    public static InvariantLamp Of(int iteration, RunKind kind, SpinLossType loss, double? firstLoss, double? firstMargin)
    {
        if (kind == RunKind.Sft)
        {
            return new InvariantLamp(iteration, LampState.None, firstLoss, null, null, "Supervised fine-tuning has no opponent, so its first loss is not fixed.");
        }

        var (expected, name) = (LossAtStart(loss), loss == SpinLossType.Hinge ? "1" : "ln 2 = 0.6931");
        if (firstLoss is not { } measured)
        {
            return new InvariantLamp(iteration, LampState.Waiting, null, null, expected, $"Before its first update the loss has to be {name} and the margin 0.");
        }

        var holds = Math.Abs(measured - expected) <= Tolerance && firstMargin is { } margin && Math.Abs(margin) <= Tolerance;
        return holds
            ? new InvariantLamp(iteration, LampState.Good, measured, firstMargin, expected, $"Loss {name} and margin 0 before the first update: main player and opponent were the same model.")
            : new InvariantLamp(iteration, LampState.Bad, measured, firstMargin, expected, string.Create(CultureInfo.InvariantCulture,
                $"Before the first update the loss was {measured:0.0000} instead of {name}, the margin {firstMargin?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "not finite"} instead of 0: the reference does not belong to the model that training started from."));
    }
}
