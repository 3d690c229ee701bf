using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>How far raters agree with each other, with the implicit reward and with judges.</summary>
public sealed class ArenaAgreement(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, IEnumerable<IPairVerdicts> others)
{
    private const int MostDisagreements = 20;

    private sealed record Item(int Prompt, int One, int Two, IReadOnlyList<ArenaBallot> Votes);

    public async Task<AgreementReport> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await ArenaService.FindAsync(db, me, id, cancellation);
        var ballots = await db.ArenaBallots.AsNoTracking().Where(ballot => ballot.ArenaId == id && ballot.Kind == BallotKind.Better && ballot.Outcome != null).ToListAsync(cancellation);
        var items = ballots.Where(ballot => ballot.IsVote()).GroupBy(vote => (vote.Prompt, vote.One, vote.Two))
            .Select(group => new Item(group.Key.Prompt, group.Key.One, group.Key.Two, [.. group])).ToList();
        var contestants = arena.Contestants.Select(ArenaService.Info).ToDictionary(contestant => contestant.Number);
        var prompts = await db.ArenaPrompts.AsNoTracking().Where(prompt => prompt.ArenaId == id).ToDictionaryAsync(prompt => prompt.Number, cancellation);
        var told = new List<OtherAgreement>();
        foreach (var other in others)
        {
            var pairs = items.ToDictionary(item => item, item => new AnswerPair(prompts[item.Prompt].PromptId, contestants[item.One].Source, contestants[item.Two].Source));
            var verdicts = await other.FindAsync(me.TeamId, arena.Split, pairs.Values, cancellation);
            told.Add(With(other, [.. items.Where(item => verdicts.ContainsKey(pairs[item])).Select(item => (item, pairs[item], verdicts[pairs[item]]))], contestants, prompts));
        }

        return new AgreementReport(Kappa.Fleiss(items.Select(item => item.Votes.Select(vote => (int)vote.Outcome!.Value).ToArray())), Between(items), told);
    }

    private static List<RaterPair> Between(List<Item> items)
    {
        var names = items.SelectMany(item => item.Votes).Select(vote => vote.UserName).Distinct().Order(StringComparer.OrdinalIgnoreCase).ToList();
        return [.. names.SelectMany((first, place) => names.Skip(place + 1).Select(second => new RaterPair(first, second, Kappa.Cohen(Common(items, first, second))))).Where(pair => pair.Agreement.Observed.Count > 0)
            .OrderByDescending(pair => pair.Agreement.Observed.Count)];
    }

    private static List<(int First, int Second)> Common(List<Item> items, string first, string second) =>
        [.. items.Select(item => (First: item.Votes.FirstOrDefault(vote => vote.UserName == first), Second: item.Votes.FirstOrDefault(vote => vote.UserName == second)))
            .Where(pair => pair.First is not null && pair.Second is not null).Select(pair => ((int)pair.First!.Outcome!.Value, (int)pair.Second!.Outcome!.Value))];

    private static OtherAgreement With(
        IPairVerdicts other, List<(Item Item, AnswerPair Pair, PairVerdict Verdict)> known, Dictionary<int, ContestantInfo> contestants, Dictionary<int, ArenaPrompt> prompts)
    {
        var decided = known.Select(row => (row.Item, row.Pair, People: Majority(row.Item.Votes), row.Verdict)).Where(row => row.People is not null && row.Verdict != PairVerdict.Tie).ToList();
        var disagreements = decided.Where(row => row.People != row.Verdict).Take(MostDisagreements).Select(row => new Disagreement(
            row.Pair.PromptId, prompts[row.Item.Prompt].Text, contestants[row.People == PairVerdict.First ? row.Item.One : row.Item.Two], contestants[row.Verdict == PairVerdict.First ? row.Item.One : row.Item.Two],
            row.Pair.First, row.Pair.Second));
        return new OtherAgreement(other.Name, other.About, Kappa.Cohen([.. decided.Select(row => ((int)row.People!.Value, (int)row.Verdict))]), known.Count - decided.Count, [.. disagreements]);
    }

    /// <summary>Which answer has more votes; null for neither.</summary>
    internal static PairVerdict? Majority(IEnumerable<ArenaBallot> votes) =>
        votes.Sum(vote => vote.Outcome == BallotOutcome.One ? 1 : vote.Outcome == BallotOutcome.Two ? -1 : 0) switch { > 0 => PairVerdict.First, < 0 => PairVerdict.Second, _ => null };
}
