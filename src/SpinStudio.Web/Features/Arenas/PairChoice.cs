using System.Security.Cryptography;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Two contestants, the one with the lower number first.</summary>
public readonly record struct Pairing(int One, int Two)
{
    /// <summary>Every two of so many contestants.</summary>
    public static IEnumerable<Pairing> All(int contestants) => Enumerable.Range(0, contestants).SelectMany(one => Enumerable.Range(one + 1, contestants - one - 1).Select(two => new Pairing(one, two)));
}

/// <summary>
/// Draws the next two answers for a rater: the pair of contestants whose next vote is expected to tell most, on a prompt that this rater has seen least and that has fewest votes.
/// Nobody gets the same two answers twice, and answers that are the same text are no choice.
/// </summary>
/// <param name="same">[prompts][contestants]: number of the first contestant with the same text.</param>
/// <param name="ballots">All ballots of the arena.</param>
/// <param name="rater">Whose turn it is.</param>
public sealed class PairChoice(int[][] same, IReadOnlyCollection<ArenaBallot> ballots, Guid rater)
{
    public const string InWords = "You are shown the two whose next vote is expected to tell most, where the interval of their difference is wide and the outcome open, each prompt about equally often; sides are drawn at random.";

    private readonly int contestants = same.Length == 0 ? 0 : same[0].Length;
    private readonly ArenaBallot[] mine = [.. ballots.Where(ballot => ballot.UserId == rater)];

    /// <param name="wanted">A pair with so many votes of the kind is left out; null: none is.</param>
    /// <param name="human">Number of the human contestant, for ballots of the kind that asks for it.</param>
    /// <returns>Prompt and contestants; null when nothing is left for this rater.</returns>
    public (int Prompt, Pairing Pair)? Next(BallotKind kind, int? wanted, int? human)
    {
        var seen = mine.Select(ballot => (ballot.Prompt, ballot.One, ballot.Two)).ToHashSet();
        var voted = ballots.Where(ballot => ballot.Kind == kind && ballot.IsVote()).ToList();
        var votes = voted.CountBy(ballot => new Pairing(ballot.One, ballot.Two)).ToDictionary();
        var votesOnPrompt = voted.CountBy(ballot => ballot.Prompt).ToDictionary();
        var timesSeen = mine.CountBy(ballot => ballot.Prompt).ToDictionary();
        // Who has been told which answer is a person's knows it again.
        var given = kind != BallotKind.Human ? [] : mine.Where(ballot => ballot.VotedAt is not null && (ballot.One == human || ballot.Two == human)).Select(ballot => ballot.Prompt).ToHashSet();

        var pairs = Pairing.All(contestants).Where(pair => (wanted is null || votes.GetValueOrDefault(pair) < wanted) && (kind == BallotKind.Better || pair.One == human || pair.Two == human)).ToList();
        foreach (var pair in Ordered(kind, pairs, voted))
        {
            var prompts = Enumerable.Range(0, same.Length)
                .Where(prompt => same[prompt][pair.One] != same[prompt][pair.Two] && !seen.Contains((prompt, pair.One, pair.Two)) && !given.Contains(prompt)).ToList();
            if (prompts.Count > 0)
            {
                var least = prompts.GroupBy(prompt => (timesSeen.GetValueOrDefault(prompt), votesOnPrompt.GetValueOrDefault(prompt))).MinBy(group => group.Key)!.ToList();
                return (least[RandomNumberGenerator.GetInt32(least.Count)], pair);
            }
        }

        return null;
    }

    /// <summary>Most telling first; equals in an order drawn at random.</summary>
    private IEnumerable<Pairing> Ordered(BallotKind kind, List<Pairing> pairs, List<ArenaBallot> voted)
    {
        var random = pairs.ToArray();
        RandomNumberGenerator.Shuffle<Pairing>(random);
        if (kind == BallotKind.Human)
        {
            return random.OrderBy(pair => voted.Count(ballot => ballot.One == pair.One && ballot.Two == pair.Two));
        }

        var fit = BradleyTerry.Fit(BradleyTerry.Wins(contestants, VoteTable.Comparisons(voted)));
        return random.OrderByDescending(pair => Math.Round(fit.Gain(pair.One, pair.Two), 6));
    }
}
