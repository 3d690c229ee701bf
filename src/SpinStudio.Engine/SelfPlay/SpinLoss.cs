using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// The SPIN objective (Chen et al., arXiv 2401.01335, eq. 4.7): ℓ(β·m) with the margin
/// m = [log π(y) − log π(y′)] − [log π_ref(y) − log π_ref(y′)], where y is the human answer, y′ the opponent's, and log-probs are summed over an answer.
/// </summary>
public static class SpinLoss
{
    /// <summary>Loss of each pair; all tensors [pairs], fp32.</summary>
    public static Tensor Of(SpinLossType type, double beta, Tensor real, Tensor generated, Tensor referenceReal, Tensor referenceGenerated)
    {
        using var scope = torch.NewDisposeScope();
        var scaled = (real - generated - (referenceReal - referenceGenerated)) * beta;
        var loss = type switch
        {
            SpinLossType.Sigmoid => -torch.nn.functional.logsigmoid(scaled),
            SpinLossType.Hinge => (scaled * -1.0 + 1.0).relu(),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "loss is sigmoid or hinge"),
        };
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>ℓ(0): the loss before the first update, when main player and opponent are the same.</summary>
    public static double AtStart(SpinLossType type) => type == SpinLossType.Hinge ? 1 : Math.Log(2);
}
