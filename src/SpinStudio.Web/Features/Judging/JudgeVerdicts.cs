using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Arenas;

namespace SpinStudio.Web.Features.Judging;

/// <summary>Verdicts of judges on pairs of answers, for comparison with people's votes; where several judged a pair, those of the newest judging.</summary>
public sealed class JudgeVerdicts(IDbContextFactory<StudioDb> databases) : IPairVerdicts
{
    public string Name => "Judge";

    public string About => "What a model on a server says of the pair, shown to it in both orders; where its two verdicts differ, it says tie.";

    public async Task<IReadOnlyDictionary<AnswerPair, PairVerdict>> FindAsync(Guid teamId, string split, IReadOnlyCollection<AnswerPair> pairs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var prompts = pairs.Select(pair => pair.PromptId).Distinct().ToList();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var judgings = await db.Judgings.Where(judging => judging.TeamId == teamId && judging.Split == split).OrderBy(judging => judging.CreatedAt).Select(judging => judging.Id).ToListAsync(cancellation);
        var rows = await db.Verdicts.AsNoTracking().Where(row => judgings.Contains(row.JudgingId) && prompts.Contains(row.PromptId) && row.Outcome != null)
            .Select(row => new { row.JudgingId, row.PromptId, row.First, row.Second, row.Swapped, row.Outcome }).ToListAsync(cancellation);
        var known = new Dictionary<AnswerPair, PairVerdict>();
        foreach (var pair in rows.GroupBy(row => (row.JudgingId, row.PromptId, row.First, row.Second)).OrderBy(pair => judgings.IndexOf(pair.Key.JudgingId)))
        {
            if (new JudgedOutcome(0, 0, pair.FirstOrDefault(row => !row.Swapped)?.Outcome, pair.FirstOrDefault(row => row.Swapped)?.Outcome).Outcome is { } outcome)
            {
                var judged = new AnswerPair(pair.Key.PromptId, Source(pair.Key.First), Source(pair.Key.Second));
                known[judged] = Of(outcome);
                known[new AnswerPair(judged.PromptId, judged.Second, judged.First)] = Turned(Of(outcome));
            }
        }

        return pairs.Distinct().Where(known.ContainsKey).ToDictionary(pair => pair, pair => known[pair]);
    }

    /// <summary>Ties of the judge's own making and of its flips alike.</summary>
    internal static PairVerdict Of(VerdictOutcome outcome) => outcome switch
    {
        VerdictOutcome.First => PairVerdict.First,
        VerdictOutcome.Second => PairVerdict.Second,
        _ => PairVerdict.Tie,
    };

    internal static PairVerdict Turned(PairVerdict verdict) => verdict switch
    {
        PairVerdict.First => PairVerdict.Second,
        PairVerdict.Second => PairVerdict.First,
        _ => PairVerdict.Tie,
    };

    internal static AnswerSource Source(string text) => AnswerSource.Parse(text, CultureInfo.InvariantCulture);
}
