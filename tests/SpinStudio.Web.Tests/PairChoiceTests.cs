using SpinStudio.Data;
using SpinStudio.Web.Features.Arenas;

namespace SpinStudio.Web.Tests;

/// <summary>Which two answers a rater gets next.</summary>
public sealed class PairChoiceTests
{
    private static readonly Guid Ann = Guid.NewGuid(), Ben = Guid.NewGuid();

    [Fact]
    public void Votes_spread_over_pairs_and_prompts_when_nothing_is_known()
    {
        var ballots = new List<ArenaBallot>();
        for (var vote = 0; vote < 60; vote++)
        {
            Add(ballots, Ann, BallotKind.Better, BallotOutcome.Tie, new PairChoice(Different(10, 4), ballots, Ann).Next(BallotKind.Better, null, null)!.Value);
        }

        Assert.All(ballots.CountBy(ballot => (ballot.One, ballot.Two)), pair => Assert.InRange(pair.Value, 9, 11));
        Assert.Equal(6, ballots.CountBy(ballot => (ballot.One, ballot.Two)).Count());
        Assert.All(ballots.CountBy(ballot => ballot.Prompt), prompt => Assert.Equal(6, prompt.Value));
        Assert.Equal(60, ballots.Select(ballot => (ballot.Prompt, ballot.One, ballot.Two)).Distinct().Count());
        Assert.Null(new PairChoice(Different(10, 4), ballots, Ann).Next(BallotKind.Better, null, null));
        Assert.NotNull(new PairChoice(Different(10, 4), ballots, Ben).Next(BallotKind.Better, null, null));
        Assert.Null(new PairChoice(Different(10, 4), ballots, Ben).Next(BallotKind.Better, wanted: 9, null));
    }

    [Fact]
    public void A_settled_pair_waits_while_an_open_one_is_asked()
    {
        var ballots = new List<ArenaBallot>();
        for (var prompt = 0; prompt < 20; prompt++)
        {
            Add(ballots, Ben, BallotKind.Better, BallotOutcome.One, (prompt, new Pairing(0, 1)));
            Add(ballots, Ben, BallotKind.Better, BallotOutcome.One, (prompt, new Pairing(0, 2)));
        }

        Assert.Equal(new Pairing(1, 2), new PairChoice(Different(20, 3), ballots, Ann).Next(BallotKind.Better, null, null)!.Value.Pair);
    }

    [Fact]
    public void Equal_texts_are_no_choice() => Assert.Null(new PairChoice([[0, 0], [0, 0]], [], Ann).Next(BallotKind.Better, null, null));

    [Fact]
    public void Whoever_was_told_the_human_answer_is_not_asked_for_it()
    {
        var ballots = new List<ArenaBallot>();
        Add(ballots, Ann, BallotKind.Better, BallotOutcome.One, (0, new Pairing(0, 1)));
        Add(ballots, Ann, BallotKind.Better, BallotOutcome.One, (1, new Pairing(1, 2)));
        Add(ballots, Ann, BallotKind.Better, BallotOutcome.Skipped, (2, new Pairing(0, 2)), told: false);
        var asked = Enumerable.Range(0, 50).Select(_ => new PairChoice(Different(3, 3), ballots, Ann).Next(BallotKind.Human, null, human: 0)!.Value).ToList();
        Assert.DoesNotContain(asked, next => next.Prompt == 0);
        Assert.All(asked, next => Assert.Equal(0, next.Pair.One));
        Assert.Equal([1], asked.Where(next => next.Prompt == 2).Select(next => next.Pair.Two).Append(1).Distinct());
    }

    private static int[][] Different(int prompts, int contestants) => [.. Enumerable.Range(0, prompts).Select(_ => Enumerable.Range(0, contestants).ToArray())];

    private static void Add(List<ArenaBallot> ballots, Guid rater, BallotKind kind, BallotOutcome outcome, (int Prompt, Pairing Pair) drawn, bool told = true) => ballots.Add(new ArenaBallot
    {
        UserId = rater, UserName = "x", Kind = kind, Prompt = drawn.Prompt, One = drawn.Pair.One, Two = drawn.Pair.Two, Outcome = outcome, VotedAt = told ? DateTimeOffset.UnixEpoch : null,
    });
}
