namespace SpinStudio.Engine.SelfPlay;

/// <summary>A prompt with the human answer and the opponent's, as token ids.</summary>
public sealed record TokenPair(string PromptId, int[] Prompt, int[] Real, int[] Generated)
{
    /// <summary>Tokens of the prompt, counted once, and of both answers.</summary>
    public int Tokens => Prompt.Length + Real.Length + Generated.Length;
}
