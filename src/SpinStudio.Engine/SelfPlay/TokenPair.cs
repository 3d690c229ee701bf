using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>A prompt with the human answer and the opponent's, as token ids.</summary>
public sealed record TokenPair(string PromptId, int[] Prompt, int[] Real, int[] Generated)
{
    public TokenSequence RealSequence => new(Prompt, Real);

    public TokenSequence GeneratedSequence => new(Prompt, Generated);

    public int Width => Prompt.Length + Math.Max(Real.Length, Generated.Length);
}
