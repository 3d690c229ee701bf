using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>A prompt and one answer to it, as token ids.</summary>
public readonly record struct TokenSequence(int[] Prompt, int[] Answer)
{
    public int Length => Prompt.Length + Answer.Length;
}

/// <summary>Sequences padded on the right to one width, and which of their positions are scored.</summary>
public sealed class SequenceBatch
{
    private readonly long[] _ids, _predictors, _targets, _rows;
    private readonly int _count, _width;

    public SequenceBatch(IReadOnlyList<TokenSequence> sequences)
    {
        (_count, _width) = (sequences.Count, sequences.Max(s => s.Length));
        AnswerTokens = sequences.Sum(s => s.Answer.Length);
        Tokens = sequences.Sum(s => s.Length);
        (_ids, _predictors, _targets, _rows) = (new long[_count * _width], new long[AnswerTokens], new long[AnswerTokens], new long[AnswerTokens]);
        var scored = 0;
        for (var row = 0; row < _count; row++)
        {
            var (prompt, answer) = (sequences[row].Prompt, sequences[row].Answer);
            var start = row * _width;
            for (var t = 0; t < prompt.Length; t++)
                _ids[start + t] = prompt[t];
            for (var t = 0; t < answer.Length; t++)
            {
                _ids[start + prompt.Length + t] = answer[t];
                // The token at position j is predicted from position j − 1; the answer's first from the prompt's last.
                (_predictors[scored], _targets[scored], _rows[scored]) = (start + prompt.Length + t - 1, answer[t], row);
                scored++;
            }
        }
    }

    /// <summary>Real tokens, padding not counted.</summary>
    public int Tokens { get; }

    /// <summary>Tokens that are scored.</summary>
    public int AnswerTokens { get; }

    /// <summary>
    /// Log-probability of each answer given its prompt, summed over its tokens in fp32: [sequences].
    /// Only the positions that predict an answer token go through the head.
    /// </summary>
    public Tensor LogProbs(LlamaModel model)
    {
        using var scope = torch.NewDisposeScope();
        var hidden = model.Forward(torch.tensor(_ids, [_count, _width])).reshape([(long)_count * _width, model.Config.HiddenSize]);
        var logits = model.Logits(hidden.index_select(0, torch.tensor(_predictors, [AnswerTokens])));
        var tokens = torch.nn.functional.log_softmax(logits, -1).gather(1, torch.tensor(_targets, [AnswerTokens, 1])).squeeze(1);
        return torch.zeros([_count], ScalarType.Float32).index_add(0, torch.tensor(_rows, [AnswerTokens]), tokens).MoveToOuterDisposeScope();
    }
}
