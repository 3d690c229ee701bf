using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Makes an arena.</summary>
/// <param name="Contestants">2 to 12, <c>human</c> among them or not.</param>
/// <param name="Split">train or held_out.</param>
/// <param name="VotesPerPair">Votes wanted for each pair of contestants, 1 to 1,000; null: as many as come.</param>
/// <param name="Prompts">At most so many of the prompts that all contestants answered, drawn at random; 1 to 1,000.</param>
public sealed record NewArena(string Name, IReadOnlyList<AnswerSource> Contestants, string Split = "held_out", int? VotesPerPair = 20, int Prompts = 200);

/// <param name="Votes">On which answer is better.</param>
/// <param name="HumanVotes">On which answer is a person's.</param>
/// <param name="Waiting">Votes still wanted that the asker can give; 0 without a number wanted.</param>
/// <param name="HasHuman">The human answer is among the contestants.</param>
public sealed record ArenaSummary(
    Guid Id, string Name, string Split, int Contestants, int Prompts, int? VotesPerPair, int Votes, int HumanVotes, int Waiting, bool HasHuman, string CreatedBy, DateTimeOffset CreatedAt,
    DateTimeOffset? ClosedAt);

/// <param name="Number">From 0, as in the arena's other figures.</param>
/// <param name="Source">human, or run id and iteration.</param>
/// <param name="Name">As it was when the arena was made.</param>
public sealed record ContestantInfo(int Number, AnswerSource Source, string Name);

public sealed record ArenaDetail(ArenaSummary Summary, IReadOnlyList<ContestantInfo> Contestants);

/// <summary>Two answers to vote on. Nothing in it tells whose they are.</summary>
/// <param name="First">Shown as A.</param>
/// <param name="Second">Shown as B.</param>
public sealed record Ballot(Guid Id, BallotKind Kind, string? System, string Prompt, string First, string Second, DateTimeOffset ExpiresAt);

/// <param name="Ballot">Null: nothing is left for the asker.</param>
/// <param name="Mine">Votes of this kind that the asker has given here.</param>
/// <param name="Votes">Votes of this kind that all have given.</param>
/// <param name="Wanted">Votes of this kind wanted in all; null: as many as come.</param>
public sealed record Turn(Ballot? Ballot, int Mine, int Votes, int? Wanted);

/// <summary>What a rater says of the two answers as they are shown.</summary>
public enum Choice
{
    First = 0,
    Second = 1,
    Tie = 2,
    BothBad = 3,
}

/// <param name="Comment">At most 2,000 characters.</param>
public sealed record Vote(Choice Choice, string? Comment = null);

/// <summary>Whose answers they were, told once the vote is cast.</summary>
/// <param name="Right">Whether the person was spotted; null where that was not asked.</param>
public sealed record Reveal(ContestantInfo First, ContestantInfo Second, Choice Choice, bool? Right);
