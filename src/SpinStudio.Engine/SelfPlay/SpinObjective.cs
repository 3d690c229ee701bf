using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>Trains the main player to tell the human answers from the opponent's; for DPO, the chosen answers from the rejected ones.</summary>
/// <param name="pairs">Pairs of the window, in a fixed order.</param>
/// <param name="microBatches">Indices into <paramref name="pairs"/>.</param>
/// <param name="reference">Log-probs of the pairs under the model that opened the iteration, in the order of <paramref name="pairs"/>.</param>
public sealed class SpinObjective(IReadOnlyList<TokenPair> pairs, int[][] microBatches, ReferenceLogProbs reference, SpinLoss loss) : Objective
{
    /// <summary>Largest deviation of the first step's loss and margins from their exact values that arithmetic may cause, relative to a loss above 1.</summary>
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
        Tensor realLength = Lengths(members, pair => pair.Real), generatedLength = Lengths(members, pair => pair.Generated);
        var (scoreReal, scoreGenerated) = Scores(real, generated);
        var (referenceReal, referenceGenerated) = Scores(Values(ReferenceLogProbs.Of(reference.Real, members)), Values(ReferenceLogProbs.Of(reference.Generated, members)));
        var losses = loss.Of(scoreReal, scoreGenerated, referenceReal, referenceGenerated);
        if (loss.SftWeight > 0)
        {
            var nll = -real / realLength;
            metrics.Add(MetricNames.Nll, nll);
            losses += nll * loss.SftWeight;
        }

        using (torch.no_grad())
        {
            Tensor rewardReal = (scoreReal - referenceReal) * loss.Beta, rewardGenerated = (scoreGenerated - referenceGenerated) * loss.Beta;
            metrics.Add("rewards/real", rewardReal);
            metrics.Add("rewards/generated", rewardGenerated);
            metrics.Add(MetricNames.Margin, rewardReal - rewardGenerated);
            metrics.Add("rewards/accuracies", rewardReal.gt(rewardGenerated).to(ScalarType.Float32));
            metrics.Add("logps/real", real);
            metrics.Add("logps/generated", generated);
        }
        return losses.sum().MoveToOuterDisposeScope();

        (Tensor, Tensor) Scores(Tensor human, Tensor opponent) => loss.LengthNormalised ? (human / realLength, opponent / generatedLength) : (human, opponent);
    }

    /// <summary>Before the first update main player and opponent are the same: margin 0, and loss ℓ(0) beside the SFT term.</summary>
    public override void CheckFirstStep(IReadOnlyDictionary<string, double> metrics)
    {
        var sft = loss.SftWeight * metrics.GetValueOrDefault(MetricNames.Nll);
        var (value, margin) = (metrics[MetricNames.Loss] - sft, metrics[MetricNames.Margin]);
        var expected = loss.Type.AtStart();
        if (Math.Abs(value - expected) > Tolerance * (1 + sft) || Math.Abs(margin) > Tolerance)
            throw new InvariantException(
                $"Before the first update the main player must equal the opponent: loss {expected:F6} and margin 0 were expected, got loss {value:F6} and margin {margin:E2}. " +
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

    /// <summary>Tokens of an answer of each pair, [members].</summary>
    private Tensor Lengths(int[] members, Func<TokenPair, int[]> answer) => Values(Array.ConvertAll(members, i => (float)answer(pairs[i]).Length));

    private static Tensor Values(float[] values) => torch.tensor(values, [values.Length]);
}

/// <summary>An invariant of self-play does not hold: the run would learn something else than it says.</summary>
public sealed class InvariantException(string message) : Exception(message);
