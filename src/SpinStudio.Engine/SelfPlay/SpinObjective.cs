using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>Trains the main player to tell the human answers from the opponent's.</summary>
/// <param name="pairs">Pairs of the window, in a fixed order.</param>
/// <param name="microBatches">Indices into <paramref name="pairs"/>.</param>
/// <param name="reference">Log-probs of the pairs under the model that opened the iteration, in the order of <paramref name="pairs"/>.</param>
public sealed class SpinObjective(IReadOnlyList<TokenPair> pairs, int[][] microBatches, ReferenceLogProbs reference, SpinLossType type, double beta) : Objective
{
    /// <summary>Largest deviation of the first step's loss and margins from their exact values that arithmetic may cause.</summary>
    private const double Tolerance = 1e-5;

    public override int Count => microBatches.Length;

    public override int Weight(int microBatch) => microBatches[microBatch].Length;

    public override int Tokens(int microBatch) => microBatches[microBatch].Sum(i => pairs[i].Tokens);

    public override IEnumerable<string> PromptIds(int microBatch) => microBatches[microBatch].Select(i => pairs[i].PromptId);

    public override Tensor Loss(LlamaModel model, int microBatch, Metrics metrics)
    {
        using var scope = torch.NewDisposeScope();
        var members = microBatches[microBatch];
        var (real, generated) = LogProbs(model, pairs, members);
        var referenceReal = torch.tensor(ReferenceLogProbs.Of(reference.Real, members), [members.Length]);
        var referenceGenerated = torch.tensor(ReferenceLogProbs.Of(reference.Generated, members), [members.Length]);
        var losses = SpinLoss.Of(type, beta, real, generated, referenceReal, referenceGenerated);

        using (torch.no_grad())
        {
            Tensor rewardReal = (real - referenceReal) * beta, rewardGenerated = (generated - referenceGenerated) * beta;
            metrics.Add("rewards/real", rewardReal);
            metrics.Add("rewards/generated", rewardGenerated);
            metrics.Add("rewards/margins", rewardReal - rewardGenerated);
            metrics.Add("rewards/accuracies", rewardReal.gt(rewardGenerated).to(ScalarType.Float32));
            metrics.Add("logps/real", real);
            metrics.Add("logps/generated", generated);
        }
        return losses.sum().MoveToOuterDisposeScope();
    }

    /// <summary>Before the first update main player and opponent are the same: margin 0, loss ℓ(0) (ln 2 for sigmoid).</summary>
    public override void CheckFirstStep(IReadOnlyDictionary<string, double> metrics)
    {
        var (loss, margin) = (metrics["loss"], metrics["rewards/margins"]);
        var expected = SpinLoss.AtStart(type);
        if (Math.Abs(loss - expected) > Tolerance || Math.Abs(margin) > Tolerance)
            throw new InvariantException(
                $"Before the first update the main player must equal the opponent: loss {expected:F6} and margin 0 were expected, got loss {loss:F6} and margin {margin:E2}. " +
                "The reference log-probs do not belong to the weights that training starts from.");
    }

    /// <summary>Summed log-probs of both sides of the given pairs, each [members]: one forward, in which the two answers of a pair share its prompt.</summary>
    internal static (Tensor Real, Tensor Generated) LogProbs(LlamaModel model, IReadOnlyList<TokenPair> pairs, int[] members)
    {
        var batch = new AnswerBatch();
        foreach (var i in members)
            batch.Add(pairs[i].Prompt, pairs[i].Real, pairs[i].Generated);
        var both = batch.LogProbs(model).view(-1, 2);
        return (both.select(1, 0), both.select(1, 1));
    }
}

/// <summary>An invariant of self-play does not hold: the run would learn something else than it says.</summary>
public sealed class InvariantException(string message) : Exception(message);
