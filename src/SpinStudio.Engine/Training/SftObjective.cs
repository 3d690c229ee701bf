using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>Supervised fine-tuning: the negative log-likelihood of the human answers, a mean over answer tokens.</summary>
public sealed class SftObjective(IReadOnlyList<(string PromptId, TokenSequence Sequence)> examples, int[][] microBatches) : Objective
{
    public override int Count => microBatches.Length;

    public override int Weight(int microBatch) => microBatches[microBatch].Sum(i => examples[i].Sequence.Answer.Length);

    public override int Tokens(int microBatch) => microBatches[microBatch].Sum(i => examples[i].Sequence.Length);

    public override IEnumerable<string> PromptIds(int microBatch) => microBatches[microBatch].Select(i => examples[i].PromptId);

    public override Tensor Loss(LlamaModel model, int microBatch, Metrics metrics)
    {
        using var scope = torch.NewDisposeScope();
        var batch = new AnswerBatch();
        foreach (var i in microBatches[microBatch])
            batch.Add(examples[i].Sequence.Prompt, examples[i].Sequence.Answer);
        return (-batch.LogProbs(model).sum()).MoveToOuterDisposeScope();
    }
}
