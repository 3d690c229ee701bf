using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>What the votes of an arena say: strengths, win-rates, how well people are told from models, and who voted how.</summary>
public sealed class ArenaStandings(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    private const double PointsPerNat = 400 / 2.302585092994046;

    private const int MostComments = 50;

    /// <summary>Of all contestants together.</summary>
    public const double MeanPoints = 1000;

    public async Task<Standings> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await ArenaService.FindAsync(db, me, id, cancellation);
        var contestants = arena.Contestants.OrderBy(contestant => contestant.Number).Select(ArenaService.Info).ToList();
        var ballots = await db.ArenaBallots.AsNoTracking().Where(ballot => ballot.ArenaId == id && ballot.Outcome != null).ToListAsync(cancellation);
        var identical = (await IdenticalAnswers.CountAsync(db, db.Arenas.Where(row => row.Id == id), cancellation)).ToDictionary(pair => pair.Key.Pair, pair => pair.Value);
        var comments = await CommentsAsync(db, id, contestants, ballots, cancellation);
        // Off the caller's thread: hundreds of fits take a moment.
        return await Task.Run(() => Of(contestants, ballots, identical, comments), cancellation);
    }

    internal static Standings Of(IReadOnlyList<ContestantInfo> contestants, IReadOnlyList<ArenaBallot> ballots, IReadOnlyDictionary<Pairing, int> identical, IReadOnlyList<VoteComment> comments)
    {
        var votes = ballots.Where(ballot => ballot.Kind == BallotKind.Better && ballot.IsVote()).ToList();
        var bootstrap = BradleyTerryBootstrap.Of(contestants.Count, VoteTable.Comparisons(votes));
        var ranked = contestants.OrderByDescending(contestant => bootstrap.Fit.Strengths[contestant.Number]).ThenBy(contestant => contestant.Number).ToList();
        return new Standings(
            [.. ranked.Select((contestant, place) => Row(contestant, place + 1 < ranked.Count ? ranked[place + 1] : null, votes, bootstrap))],
            [.. contestants.SelectMany(one => contestants.Where(two => two.Number > one.Number).Select(two => Pair(one.Number, two.Number, votes, bootstrap, identical)))],
            [.. contestants.Where(contestant => !contestant.Source.IsHuman).GroupBy(contestant => contestant.Source.RunId!.Value).Where(run => run.Count() > 1).Select(run => Steps(run.Key, run, bootstrap))],
            Spots(contestants, ballots), Raters(contestants, ballots), comments, votes.Count, votes.Count(vote => vote.Outcome == BallotOutcome.BothBad));
    }

    private static StandingRow Row(ContestantInfo contestant, ContestantInfo? next, List<ArenaBallot> votes, BradleyTerryBootstrap bootstrap)
    {
        var (wins, losses) = (Count(votes, contestant.Number, BallotOutcome.One, BallotOutcome.Two), Count(votes, contestant.Number, BallotOutcome.Two, BallotOutcome.One));
        return new StandingRow(
            contestant, Points(bootstrap.Strength(contestant.Number), MeanPoints), wins, Count(votes, contestant.Number, BallotOutcome.Tie, BallotOutcome.Tie), losses,
            Count(votes, contestant.Number, BallotOutcome.BothBad, BallotOutcome.BothBad), next is null ? null : Points(bootstrap.Difference(contestant.Number, next.Number)));
    }

    private static int Count(List<ArenaBallot> votes, int contestant, BallotOutcome asOne, BallotOutcome asTwo) =>
        votes.Count(vote => (vote.One == contestant && vote.Outcome == asOne) || (vote.Two == contestant && vote.Outcome == asTwo));

    private static PairRecord Pair(int one, int two, List<ArenaBallot> all, BradleyTerryBootstrap bootstrap, IReadOnlyDictionary<Pairing, int> identical)
    {
        var votes = all.Where(vote => vote.One == one && vote.Two == two).CountBy(vote => vote.Outcome!.Value).ToDictionary();
        var (wins, ties, losses) = (votes.GetValueOrDefault(BallotOutcome.One), votes.GetValueOrDefault(BallotOutcome.Tie), votes.GetValueOrDefault(BallotOutcome.Two));
        return new PairRecord(
            one, two, Intervals.Rate(wins + (0.5 * ties), wins + ties + losses), Points(bootstrap.Difference(one, two)), wins, ties, losses, votes.GetValueOrDefault(BallotOutcome.BothBad),
            identical.GetValueOrDefault(new Pairing(one, two)));
    }

    private static RunSteps Steps(Guid run, IEnumerable<ContestantInfo> iterations, BradleyTerryBootstrap bootstrap)
    {
        var ordered = iterations.OrderBy(contestant => contestant.Source.Iteration).ToList();
        return new RunSteps(
            run, [.. ordered.Zip(ordered.Skip(1), (from, to) => new IterationStep(from, to, Points(bootstrap.Difference(to.Number, from.Number))))],
            bootstrap.Rising([.. ordered.Select(contestant => contestant.Number)]));
    }

    private static List<SpotRecord> Spots(IReadOnlyList<ContestantInfo> contestants, IReadOnlyList<ArenaBallot> ballots)
    {
        if (contestants.FirstOrDefault(contestant => contestant.Source.IsHuman) is not { Number: var human })
        {
            return [];
        }

        var guesses = ballots.Where(ballot => ballot.Kind == BallotKind.Human && ballot.IsVote()).ToList();
        return [.. contestants.Where(contestant => contestant.Number != human).OrderBy(contestant => contestant.Source.RunId).ThenBy(contestant => contestant.Source.Iteration).Select(Record)];

        SpotRecord Record(ContestantInfo contestant)
        {
            var against = guesses.Where(guess => guess.One == contestant.Number || guess.Two == contestant.Number).ToList();
            return new SpotRecord(contestant, Intervals.Rate(against.Count(guess => Found(guess, human)), against.Count));
        }
    }

    private static List<RaterRecord> Raters(IReadOnlyList<ContestantInfo> contestants, IReadOnlyList<ArenaBallot> ballots)
    {
        var human = contestants.FirstOrDefault(contestant => contestant.Source.IsHuman)?.Number;
        return [.. ballots.GroupBy(ballot => ballot.UserName).Select(Record).Where(rater => rater.Votes + rater.Skipped + (rater.Found?.Count ?? 0) > 0).OrderByDescending(rater => rater.Votes).ThenBy(rater => rater.Name, StringComparer.OrdinalIgnoreCase)];

        RaterRecord Record(IGrouping<string, ArenaBallot> rater)
        {
            var votes = rater.Where(ballot => ballot.Kind == BallotKind.Better && ballot.IsVote()).ToList();
            var decided = votes.Where(vote => vote.Outcome is BallotOutcome.One or BallotOutcome.Two).ToList();
            var guesses = rater.Where(ballot => ballot.Kind == BallotKind.Human && ballot.IsVote()).ToList();
            return new RaterRecord(
                rater.Key, votes.Count, votes.Count(vote => vote.Outcome == BallotOutcome.Tie), votes.Count(vote => vote.Outcome == BallotOutcome.BothBad), rater.Count(ballot => ballot.Outcome == BallotOutcome.Skipped),
                Intervals.Rate(decided.Count(vote => vote.Outcome == BallotOutcome.One != vote.Swapped), decided.Count),
                guesses.Count == 0 || human is null ? null : Intervals.Rate(guesses.Count(guess => Found(guess, human.Value)), guesses.Count));
        }
    }

    private static bool Found(ArenaBallot guess, int human) => (guess.Outcome == BallotOutcome.One ? guess.One : guess.Two) == human;

    private static Estimate Points(Estimate nats, double around = 0) =>
        new(around + (PointsPerNat * nats.Mean), around + (PointsPerNat * nats.Low), around + (PointsPerNat * nats.High), nats.Count);

    private static async Task<List<VoteComment>> CommentsAsync(StudioDb db, Guid id, List<ContestantInfo> contestants, List<ArenaBallot> ballots, CancellationToken cancellation)
    {
        var newest = ballots.Where(ballot => ballot.Comment is not null && ballot.IsVote()).OrderByDescending(ballot => ballot.VotedAt).Take(MostComments).ToList();
        var numbers = newest.Select(ballot => ballot.Prompt).Distinct().ToList();
        var prompts = await db.ArenaPrompts.Where(prompt => prompt.ArenaId == id && numbers.Contains(prompt.Number)).ToDictionaryAsync(prompt => prompt.Number, prompt => prompt.Text, cancellation);
        return [.. newest.Select(ballot => new VoteComment(
            ballot.UserName, prompts[ballot.Prompt], contestants[ballot.One], contestants[ballot.Two], ballot.Kind, ballot.Outcome!.Value, ballot.Comment!, ballot.VotedAt!.Value))];
    }
}
