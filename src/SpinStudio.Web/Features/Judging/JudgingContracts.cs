using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Judging;

/// <summary>A judging to start.</summary>
/// <param name="Sources">Two or more whose answers are compared, each with each.</param>
/// <param name="Prompts">How many, drawn by <paramref name="Seed"/> among those that all of them answered.</param>
/// <param name="Template">Null: the studio's own. See <see cref="JudgePrompt"/>.</param>
/// <param name="MaxTokens">Longest answer of the judge.</param>
/// <param name="Parallel">Requests that are open at once.</param>
public sealed record NewJudging(
    Guid ServerId, IReadOnlyList<AnswerSource> Sources, int Prompts = 50, string Split = SampleSplit.HeldOut, int Seed = 0, string? Name = null, string? Template = null, int MaxTokens = 512, int Parallel = 4);

/// <summary>What a judging would cost.</summary>
/// <param name="Prompts">At most as many as were asked for; so many were answered by all.</param>
/// <param name="Identical">Pairs of equal answers: nobody is asked about them.</param>
/// <param name="Requests">Two a pair, one in each order.</param>
/// <param name="AskedTokens">Estimate: four characters a token.</param>
/// <param name="MostAnswerTokens">If every answer of the judge were as long as it may be.</param>
public sealed record JudgingPlan(int Prompts, int Pairs, int Identical, int Requests, long AskedTokens, long MostAnswerTokens);

/// <summary>A judging and how far it is.</summary>
/// <param name="SecondsLeft">Null while unknown.</param>
/// <param name="Error">Why it failed, for people.</param>
public sealed record JudgingInfo(
    Guid Id, string Name, JudgingState State, string? Error, Guid? ServerId, string ServerName, string ServerModel, IReadOnlyList<Contestant> Contestants, string Split, int Seed, int Prompts,
    int Requests, int Asked, int Identical, int MaxTokens, int Parallel, double? SecondsLeft, string Template, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt)
{
    public bool Active => State is JudgingState.Waiting or JudgingState.Running;

    public double Share => Requests == 0 ? 1 : (double)Asked / Requests;
}

/// <summary>A source of answers under the name that it had.</summary>
public sealed record Contestant(AnswerSource Source, string Name);

/// <summary>What the judge makes of two contestants.</summary>
/// <param name="Ties">Of the judge's own making, or because its two verdicts differ.</param>
/// <param name="Open">Pairs of which one or both verdicts are missing, unreadable or refused; they count nowhere.</param>
/// <param name="WinRate">Of the first; a tie is half a win.</param>
/// <param name="Flips">Share of pairs in which the verdict changed when the answers changed places.</param>
/// <param name="LengthControlled">Win-rate of the first as it would be at equal lengths; null where it cannot be told.</param>
public sealed record PairResult(
    Contestant First, Contestant Second, int FirstWins, int SecondWins, int Ties, int Open, Estimate WinRate, Estimate Flips, Estimate? LengthControlled);

/// <summary>What came of a judging.</summary>
/// <param name="Flips">Share of pairs in which the verdict changed when the answers changed places.</param>
/// <param name="Longer">Share of pairs decided for the longer answer, among those decided and of different lengths.</param>
/// <param name="People">Agreement with the votes of arenas on the same pairs, where both decide; null where there are none.</param>
/// <param name="Unreadable">Answers of the judge without a verdict, or with more than one.</param>
/// <param name="Refused">Requests that the server would not answer.</param>
public sealed record JudgingResults(
    IReadOnlyList<PairResult> Pairs, Estimate Flips, Estimate Longer, Kappa? People, int Unreadable, int Refused, long AskedTokens, long AnswerTokens, double Seconds);

/// <summary>One pair of answers to one prompt, with what the judge said in both orders.</summary>
/// <param name="Prompt">Null when the runs are gone; what the judge was asked holds it still.</param>
/// <param name="Outcome">first, second or tie; null while it is open.</param>
public sealed record JudgedPair(string PromptId, string? Prompt, Contestant First, Contestant Second, string? Outcome, bool Flipped, IReadOnlyList<JudgedRequest> Requests);

/// <summary>One request to the judge.</summary>
/// <param name="Swapped">The second one's answer was shown as A.</param>
/// <param name="Asked">The whole text that it was given.</param>
/// <param name="Answer">As it came.</param>
public sealed record JudgedRequest(bool Swapped, string Asked, string? Answer, VerdictOutcome? Outcome, string? Error, int? AskedTokens, int? AnswerTokens, double? Seconds, DateTimeOffset? At);

/// <summary>Which pairs a list shows.</summary>
public enum PairFilter
{
    All,

    /// <summary>The verdict changed with the order.</summary>
    Flipped,

    /// <summary>No verdict could be read, or the server refused.</summary>
    Open,
}
