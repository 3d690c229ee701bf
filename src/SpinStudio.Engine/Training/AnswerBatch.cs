using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>A prompt and one answer to it, as token ids.</summary>
public readonly record struct TokenSequence(int[] Prompt, int[] Answer)
{
    public int Length => Prompt.Length + Answer.Length;
}

/// <summary>Prompts with one or more answers each, to be scored in one forward: a prompt is computed once, however many answers it has.</summary>
public sealed class AnswerBatch
{
    private readonly PackedSequences _packed = new();
    private readonly List<long> _predictors = [], _targets = [], _answers = [];
    private int _count;

    /// <summary>Appends a prompt and its answers; neither may be empty.</summary>
    public void Add(int[] prompt, params ReadOnlySpan<int[]> answers)
    {
        var parent = _packed.Add(prompt);
        var promptEnd = _packed.Offsets[^1] - 1;
        foreach (var answer in answers)
        {
            // The last token predicts nothing that is scored, so it need not be computed.
            var start = _packed.Offsets[_packed.Add(answer.AsSpan(0, answer.Length - 1), parent)];
            for (var t = 0; t < answer.Length; t++)
            {
                // The first token of every answer is predicted from the last of the prompt.
                _predictors.Add(t == 0 ? promptEnd : start + t - 1);
                _targets.Add(answer[t]);
                _answers.Add(_count);
            }
            _count++;
        }
    }

    /// <summary>
    /// Log-probability of each answer given its prompt, summed over its tokens in fp32: [answers], in the order they were added.
    /// Only the positions that predict an answer token go through the head.
    /// </summary>
    public Tensor LogProbs(LlamaModel model)
    {
        using var scope = torch.NewDisposeScope();
        var hidden = model.Forward(_packed).index_select(0, torch.tensor([.. _predictors]));
        var tokens = model.LogProbs(hidden, torch.tensor([.. _targets]));
        return torch.zeros([_count], ScalarType.Float32).index_add(0, torch.tensor([.. _answers]), tokens).MoveToOuterDisposeScope();
    }
}
