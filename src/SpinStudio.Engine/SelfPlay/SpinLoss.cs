using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// The SPIN objective (Chen et al., arXiv 2401.01335, eq. 4.7): ℓ(β·m) with the margin
/// m = [log π(y) − log π(y′)] − [log π_ref(y) − log π_ref(y′)], where y is the human answer and y′ the opponent's. With the logistic ℓ it is DPO's
/// (Rafailov et al., arXiv 2305.18290, eq. 7), y being the chosen answer and y′ the rejected one.
/// </summary>
/// <param name="Type">ℓ.</param>
/// <param name="Beta">β: λ of the SPIN paper.</param>
/// <param name="LabelSmoothing">
/// ε: the loss is (1 − ε)·ℓ(βm) + ε·ℓ(−βm), that of pairs of which a share ε is the wrong way round (conservative DPO, Mitchell 2023).
/// </param>
/// <param name="LengthNormalised">Log-probs are means over an answer's tokens instead of sums, of both answers under both models.</param>
/// <param name="SftWeight">α: adds −α·log π(y) / |y|, the negative log-likelihood a token of the human answer (Pang et al., arXiv 2404.19733).</param>
public sealed record SpinLoss(SpinLossType Type, double Beta, double LabelSmoothing = 0, bool LengthNormalised = false, double SftWeight = 0)
{
    /// <summary>Below this, the exponential goes on as its tangent: still convex and decreasing, and finite in fp32 wherever a margin is.</summary>
    private const double ExponentialTangent = -20;

    /// <summary>The loss that a run trains an iteration with.</summary>
    public static SpinLoss Of(RunConfig config, int iteration) =>
        new(config.Loss, RunConfig.At(config.Beta, iteration), config.LabelSmoothing, config.LengthNormalised, config.SftWeight);

    /// <summary>Loss of each pair, without the SFT term; all tensors [pairs], fp32. Log-probs are what the margin is made of: sums, or means a token.</summary>
    public Tensor Of(Tensor real, Tensor generated, Tensor referenceReal, Tensor referenceGenerated)
    {
        using var scope = torch.NewDisposeScope();
        var scaled = (real - generated - (referenceReal - referenceGenerated)) * Beta;
        var loss = LabelSmoothing == 0 ? Of(scaled) : Of(scaled) * (1 - LabelSmoothing) + Of(-scaled) * LabelSmoothing;
        return loss.MoveToOuterDisposeScope();
    }

    private Tensor Of(Tensor scaled) => Type switch
    {
        SpinLossType.Sigmoid => -torch.nn.functional.logsigmoid(scaled),
        SpinLossType.Hinge => (scaled * -1.0 + 1.0).relu(),
        SpinLossType.Exponential => Exponential(scaled),
        SpinLossType.Correlation => scaled * -1.0 + 1.0,
        _ => throw new ArgumentOutOfRangeException(nameof(scaled), Type, "loss is sigmoid, hinge, exponential or correlation"),
    };

    private static Tensor Exponential(Tensor scaled)
    {
        var near = scaled.clamp(min: ExponentialTangent);
        return (-near).exp() * (near - scaled + 1.0);
    }
}
