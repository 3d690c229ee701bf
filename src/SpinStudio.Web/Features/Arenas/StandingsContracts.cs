using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Features.Answers;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Where the contestants stand after the votes so far.</summary>
/// <param name="Rows">Strongest first.</param>
/// <param name="Pairs">Every pair of contestants.</param>
/// <param name="Runs">Whether iterations get better, for each run with two or more among the contestants.</param>
/// <param name="Comments">The newest that came with votes.</param>
/// <param name="Votes">All votes on which answer is better; those that both are bad are among them and count for no strength.</param>
public sealed record Standings(
    IReadOnlyList<StandingRow> Rows, IReadOnlyList<PairRecord> Pairs, IReadOnlyList<RunSteps> Runs, IReadOnlyList<SpotRecord> Spots, IReadOnlyList<RaterRecord> Raters,
    IReadOnlyList<VoteComment> Comments, int Votes, int BothBad);

/// <param name="Points">1000 + 400·θ / ln 10, as Elo's: 400 points more are odds of 10 to 1. The interval is the bootstrap's.</param>
/// <param name="AheadOfNext">The difference to the next row, in points; null in the last.</param>
public sealed record StandingRow(ContestantInfo Contestant, Estimate Points, int Wins, int Ties, int Losses, int BothBad, Estimate? AheadOfNext);

/// <param name="OneWins">Share that contestant one wins, a tie as half of one.</param>
/// <param name="Difference">One minus two, in points; learns from votes on other pairs too.</param>
/// <param name="Identical">Prompts to which both gave the same text; they are never shown.</param>
public sealed record PairRecord(int One, int Two, Estimate OneWins, Estimate Difference, int Wins, int Ties, int Losses, int BothBad, int Identical);

/// <param name="Rising">Share of the bootstrap's draws in which every iteration is stronger than the one before.</param>
public sealed record RunSteps(Guid RunId, IReadOnlyList<IterationStep> Steps, double Rising);

/// <param name="Change">In points, later minus earlier.</param>
public sealed record IterationStep(ContestantInfo From, ContestantInfo To, Estimate Change);

/// <param name="Found">Share of ballots in which the person was told from this model: 50 % is guessing, and the aim of self-play.</param>
public sealed record SpotRecord(ContestantInfo Contestant, Estimate Found);

/// <param name="Left">Share of votes for A among those for A or B: far from 50 % it is the side that speaks.</param>
/// <param name="Found">Share of persons told from models; null where the rater was not asked.</param>
public sealed record RaterRecord(string Name, int Votes, int Ties, int BothBad, int Skipped, Estimate Left, Estimate? Found);

/// <summary>How far votes agree with each other and with what else judges.</summary>
/// <param name="Raters">All raters on what two or more of them voted on; categories are one, two, tie, both bad.</param>
/// <param name="Between">The same for each two raters with something in common.</param>
public sealed record AgreementReport(Kappa Raters, IReadOnlyList<RaterPair> Between, IReadOnlyList<OtherAgreement> Others);

public sealed record RaterPair(string First, string Second, Kappa Agreement);

/// <param name="Agreement">On pairs of answers where both the majority of the votes and the other are for one of the two.</param>
/// <param name="LeftOut">Pairs on which one of them has a tie.</param>
/// <param name="Disagreements">Some of those where they differ.</param>
public sealed record OtherAgreement(string Name, string About, Kappa Agreement, int LeftOut, IReadOnlyList<Disagreement> Disagreements);

/// <param name="People">Whom the votes prefer.</param>
/// <param name="Other">Whom the other prefers.</param>
public sealed record Disagreement(string PromptId, string Prompt, ContestantInfo People, ContestantInfo Other, AnswerSource First, AnswerSource Second);

/// <summary>What a rater wrote beside a vote.</summary>
public sealed record VoteComment(string Rater, string Prompt, ContestantInfo One, ContestantInfo Two, BallotKind Kind, BallotOutcome Outcome, string Text, DateTimeOffset At);
