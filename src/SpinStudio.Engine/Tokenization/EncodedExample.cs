namespace SpinStudio.Engine.Tokenization;

/// <summary>A prompt and an answer to it as token ids, cut to the lengths that a run allows.</summary>
/// <param name="Prompt">The rendered conversation up to where the model is to answer.</param>
/// <param name="Answer">What is trained on. Ends with the one EOS, unless it was cut.</param>
/// <param name="PromptCut">The prompt lost its beginning.</param>
/// <param name="AnswerCut">The answer lost its end, and with it the EOS.</param>
public sealed record EncodedExample(int[] Prompt, int[] Answer, bool PromptCut, bool AnswerCut)
{
    /// <summary>
    /// Cuts to length: the prompt keeps its last <paramref name="maxPromptLength"/> tokens, then the answer loses what does not fit into
    /// <paramref name="maxLength"/> at its end. A cut answer thus has no EOS: the model must not learn to stop there.
    /// </summary>
    public static EncodedExample Fit(ReadOnlySpan<int> prompt, ReadOnlySpan<int> answer, int maxPromptLength, int maxLength)
    {
        var kept = prompt.Length > maxPromptLength ? prompt[^maxPromptLength..] : prompt;
        var room = Math.Max(0, maxLength - kept.Length);
        var fitting = answer.Length > room ? answer[..room] : answer;
        return new EncodedExample(kept.ToArray(), fitting.ToArray(), kept.Length < prompt.Length, fitting.Length < answer.Length);
    }
}
