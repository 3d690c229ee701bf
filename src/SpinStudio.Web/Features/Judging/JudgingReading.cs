using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Features.Arenas;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Judging;

/// <summary>What came of a judging: in figures, pair by pair, and request by request.</summary>
public sealed class JudgingReading(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    private const int LargestPage = 100;

    /// <summary>Also while it goes on, of what is known.</summary>
    public async Task<JudgingResults> ResultsAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var judging = await FindAsync(db, id, cancellation);
        var contestants = JudgingService.ContestantsOf(judging);
        var rows = await db.Verdicts.AsNoTracking().Where(row => row.JudgingId == id).Select(row => new
        {
            row.PromptId, row.First, row.Second, row.Swapped, row.FirstLength, row.SecondLength, row.Outcome, row.AskedTokens, row.AnswerTokens, row.Seconds,
        }).ToListAsync(cancellation);
        var outcomes = rows.GroupBy(row => (row.PromptId, row.First, row.Second)).Select(pair => (pair.Key.PromptId, pair.Key.First, pair.Key.Second, Outcome: new JudgedOutcome(
            pair.First().FirstLength, pair.First().SecondLength, pair.FirstOrDefault(row => !row.Swapped)?.Outcome, pair.FirstOrDefault(row => row.Swapped)?.Outcome))).ToList();
        var people = await PeoplesVotes.MajoritiesAsync(db, judging.TeamId, judging.Split, cancellation);
        var all = outcomes.Select(pair => pair.Outcome).ToList();
        return new JudgingResults(
            [.. from i in Enumerable.Range(0, contestants.Count)
                from j in Enumerable.Range(i + 1, contestants.Count - i - 1)
                select Pair(contestants[i], contestants[j], [.. outcomes.Where(pair => pair.First == contestants[i].Source.ToString() && pair.Second == contestants[j].Source.ToString()).Select(pair => pair.Outcome)])],
            JudgeStatistics.Flips(all), JudgeStatistics.Longer(all), Agreement(people, outcomes), rows.Count(row => row.Outcome == VerdictOutcome.Unreadable), rows.Count(row => row.Outcome == VerdictOutcome.Refused),
            rows.Sum(row => (long)(row.AskedTokens ?? 0)), rows.Sum(row => (long)(row.AnswerTokens ?? 0)), rows.Sum(row => row.Seconds ?? 0));
    }

    /// <summary>Pairs that have been asked about at least once, in the order of asking.</summary>
    public async Task<Page<JudgedPair>> PairsAsync(Guid id, PairFilter filter = PairFilter.All, int skip = 0, int take = 10, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var contestants = JudgingService.ContestantsOf(await FindAsync(db, id, cancellation)).ToDictionary(contestant => contestant.Source.ToString());
        var asked = await db.Verdicts.AsNoTracking().Where(row => row.JudgingId == id && row.Outcome != null).OrderBy(row => row.Id)
            .Select(row => new { row.Id, row.PromptId, row.First, row.Second, row.Swapped, row.Outcome }).ToListAsync(cancellation);
        var pairs = asked.GroupBy(row => (row.PromptId, row.First, row.Second)).Where(pair => filter switch
        {
            PairFilter.Flipped => Outcome(pair.Select(row => (row.Swapped, row.Outcome))).Flipped,
            PairFilter.Open => !Outcome(pair.Select(row => (row.Swapped, row.Outcome))).Known,
            _ => true,
        }).ToList();
        var shown = pairs.Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, LargestPage)).ToList();
        var ids = shown.SelectMany(pair => pair.Select(row => row.Id)).ToList();
        var rows = (await db.Verdicts.AsNoTracking().Where(row => ids.Contains(row.Id)).ToListAsync(cancellation)).ToDictionary(row => row.Id);
        var prompts = await PromptsAsync(db, [.. contestants.Values.Select(contestant => contestant.Source.RunId).OfType<Guid>().Distinct()], [.. shown.Select(pair => pair.Key.PromptId).Distinct()], cancellation);
        return new Page<JudgedPair>([.. shown.Select(pair =>
        {
            var outcome = Outcome(pair.Select(row => (row.Swapped, row.Outcome)));
            return new JudgedPair(
                pair.Key.PromptId, prompts.GetValueOrDefault(pair.Key.PromptId), contestants[pair.Key.First], contestants[pair.Key.Second], Word(outcome.Outcome), outcome.Flipped,
                [.. pair.OrderBy(row => row.Swapped).Select(row => rows[row.Id]).Select(row => new JudgedRequest(row.Swapped, row.Asked, row.Answer, row.Outcome, row.Error, row.AskedTokens, row.AnswerTokens, row.Seconds, row.At))]);
        })], pairs.Count);
    }

    private static async Task<Dictionary<string, string>> PromptsAsync(StudioDb db, List<Guid> runs, List<string> ids, CancellationToken cancellation) =>
        (await db.Samples.Where(sample => runs.Contains(sample.RunId) && ids.Contains(sample.PromptId)).Select(sample => new { sample.PromptId, sample.Prompt }).Distinct().ToListAsync(cancellation))
            .DistinctBy(sample => sample.PromptId).ToDictionary(sample => sample.PromptId, sample => sample.Prompt);

    /// <summary>All requests, read as they are written out.</summary>
    internal async Task<(Data.Judging Judging, IAsyncEnumerable<Verdict> Verdicts)> ExportAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await FindAsync(db, id, cancellation), VerdictsAsync(id, cancellation));
    }

    private async IAsyncEnumerable<Verdict> VerdictsAsync(Guid id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await foreach (var verdict in db.Verdicts.AsNoTracking().Where(row => row.JudgingId == id).OrderBy(row => row.Id).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            yield return verdict;
        }
    }

    private async Task<Data.Judging> FindAsync(StudioDb db, Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        return await db.Judgings.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("judging");
    }

    private static Kappa? Agreement(IReadOnlyDictionary<AnswerPair, PairVerdict> people, IEnumerable<(string PromptId, string First, string Second, JudgedOutcome Outcome)> judged)
    {
        var both = judged.Where(pair => pair.Outcome.Outcome is VerdictOutcome.First or VerdictOutcome.Second)
            .Select(pair => (Key: new AnswerPair(pair.PromptId, JudgeVerdicts.Source(pair.First), JudgeVerdicts.Source(pair.Second)), Verdict: JudgeVerdicts.Of(pair.Outcome.Outcome!.Value)))
            .Where(pair => people.ContainsKey(pair.Key)).Select(pair => ((int)people[pair.Key], (int)pair.Verdict)).ToList();
        return both.Count == 0 ? null : Kappa.Cohen(both);
    }

    private static PairResult Pair(Contestant first, Contestant second, List<JudgedOutcome> pairs) => new(
        first, second, pairs.Count(pair => pair.Outcome == VerdictOutcome.First), pairs.Count(pair => pair.Outcome == VerdictOutcome.Second), pairs.Count(pair => pair.Outcome == VerdictOutcome.Tie),
        pairs.Count(pair => !pair.Known), JudgeStatistics.WinRate(pairs), JudgeStatistics.Flips(pairs), JudgeStatistics.LengthControlled(pairs));

    private static JudgedOutcome Outcome(IEnumerable<(bool Swapped, VerdictOutcome? Outcome)> requests)
    {
        var said = requests.ToDictionary(request => request.Swapped, request => request.Outcome);
        return new JudgedOutcome(0, 0, said.GetValueOrDefault(false), said.GetValueOrDefault(true));
    }

    private static string? Word(VerdictOutcome? outcome) => outcome?.ToString().ToLowerInvariant();
}
