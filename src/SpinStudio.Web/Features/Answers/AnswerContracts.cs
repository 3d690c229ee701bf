namespace SpinStudio.Web.Features.Answers;

/// <summary>A source under the name that people know it by.</summary>
/// <param name="RunName">Null for the human answer.</param>
/// <param name="ModelId">The model, while the studio has it.</param>
public sealed record SourceInfo(AnswerSource Source, string Name, string? RunName, Guid? ModelId);

/// <summary>An answer with what is known of it.</summary>
/// <param name="Number">Which of several answers of the source to the prompt, from 0.</param>
/// <param name="FinishReason">stop or length; null for the human answer.</param>
/// <param name="ToHuman">How much of the human answer's wording it has, 0..1.</param>
/// <param name="LogProb">Under the model that wrote it, summed over tokens, in nats.</param>
/// <param name="RewardHuman">Implicit reward that the model gives the human answer.</param>
/// <param name="RewardOpponent">The same of its opponent's answer.</param>
public sealed record SourcedAnswer(
    AnswerSource Source, int Number, string Text, string? FinishReason = null, int? Tokens = null, bool? Exact = null, double? ToHuman = null,
    double? LogProb = null, double? HumanLogProb = null, double? RewardHuman = null, double? RewardOpponent = null)
{
    /// <summary>Of the pair (human answer, opponent's answer).</summary>
    public double? Margin => RewardHuman - RewardOpponent;
}

/// <summary>A prompt with an answer of each source, in the order asked for; where a source gave several, its first.</summary>
public sealed record SharedPrompt(string PromptId, string? System, string Prompt, IReadOnlyList<SourcedAnswer> Answers);
