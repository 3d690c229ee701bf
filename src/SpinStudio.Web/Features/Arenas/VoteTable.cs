using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Votes as the statistics want them.</summary>
internal static class VoteTable
{
    /// <summary>Cast, and neither skipped nor taken back.</summary>
    public static readonly IReadOnlyList<BallotOutcome> Cast = [BallotOutcome.One, BallotOutcome.Two, BallotOutcome.Tie, BallotOutcome.BothBad];

    public static bool IsVote(this ArenaBallot ballot) => ballot.Outcome is { } outcome && Cast.Contains(outcome);

    /// <summary>1, ½ or 0 for the first of the two. Null where the vote does not compare them: that both are bad tells nothing of which is better.</summary>
    public static double? Score(BallotOutcome? outcome) => outcome switch
    {
        BallotOutcome.One => 1,
        BallotOutcome.Two => 0,
        BallotOutcome.Tie => 0.5,
        _ => null,
    };

    public static List<PairedComparison> Comparisons(IEnumerable<ArenaBallot> votes) =>
        [.. votes.Where(vote => Score(vote.Outcome) is not null).Select(vote => new PairedComparison(vote.Prompt, vote.One, vote.Two, Score(vote.Outcome)!.Value))];
}
