namespace SpinStudio.Web.Features.Playground;

/// <param name="Role">system, user or assistant.</param>
public sealed record PlaygroundMessage(string Role, string Content);

/// <summary>How an answer is drawn.</summary>
/// <param name="Temperature">0 = greedy.</param>
/// <param name="TopP">1 = off.</param>
/// <param name="TopK">0 = off.</param>
/// <param name="Seed">The same seed draws the same answer; null: another one each time.</param>
public sealed record PlaygroundSettings(double Temperature = 1, double TopP = 1, int TopK = 0, int MaxTokens = 256, int? Seed = null);

/// <summary>A token that could have stood there.</summary>
public sealed record TokenChoice(string Text, double LogProb);

/// <summary>A piece of an answer: one token, or several that make a character together.</summary>
/// <param name="LogProb">Natural logarithm of the model's probability at temperature 1, summed over the piece's tokens.</param>
/// <param name="Likeliest">What the model held likeliest at the piece's first token, best first.</param>
public sealed record AnswerPiece(string Text, double? LogProb, IReadOnlyList<TokenChoice> Likeliest);

/// <summary>A given answer as a model sees it.</summary>
/// <param name="EndLogProb">Of the token that would close the turn after it.</param>
public sealed record ScoredAnswer(IReadOnlyList<AnswerPiece> Pieces, double EndLogProb);

/// <summary>What a playground needs to know of the machine: runs at work there make answers slower.</summary>
public sealed record DeviceUse(IReadOnlyList<string> RunningRuns);
