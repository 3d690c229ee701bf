using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>What training itself holds of a pair: the sign of the implicit margin that iteration t gives the human answer over that of its opponent, the model of iteration t − 1.</summary>
public sealed class RewardVerdicts(IDbContextFactory<StudioDb> databases) : IPairVerdicts
{
    public string Name => "Implicit reward";

    public string About => "The iteration that was trained against an answer says whether it has come to prefer the human one: the sign of the margin on held-out prompts.";

    public async Task<IReadOnlyDictionary<AnswerPair, PairVerdict>> FindAsync(Guid teamId, string split, IReadOnlyCollection<AnswerPair> pairs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var asked = split == SampleSplit.HeldOut ? pairs.Where(pair => pair.First.IsHuman != pair.Second.IsHuman).ToList() : [];
        if (asked.Count == 0)
        {
            return new Dictionary<AnswerPair, PairVerdict>();
        }

        var runs = asked.Select(pair => Opponent(pair).RunId!.Value).Distinct().ToList();
        var prompts = asked.Select(pair => pair.PromptId).Distinct().ToList();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Samples
            .Where(sample => runs.Contains(sample.RunId) && prompts.Contains(sample.PromptId) && sample.Split == SampleSplit.HeldOut && sample.RewardHuman != null && sample.RewardOpponent != null
                && db.Runs.Any(run => run.Id == sample.RunId && run.TeamId == teamId))
            .Select(sample => new { sample.PromptId, sample.RunId, sample.Iteration, Margin = sample.RewardHuman!.Value - sample.RewardOpponent!.Value }).ToListAsync(cancellation);
        var margins = rows.GroupBy(row => (row.PromptId, new AnswerSource(row.RunId, row.Iteration - 1))).ToDictionary(group => group.Key, group => group.First().Margin);
        return asked.Where(pair => margins.ContainsKey((pair.PromptId, Opponent(pair)))).ToDictionary(pair => pair, pair => Verdict(pair, margins[(pair.PromptId, Opponent(pair))]));
    }

    private static AnswerSource Opponent(AnswerPair pair) => pair.First.IsHuman ? pair.Second : pair.First;

    private static PairVerdict Verdict(AnswerPair pair, double margin) => margin == 0 ? PairVerdict.Tie : margin > 0 == pair.First.IsHuman ? PairVerdict.First : PairVerdict.Second;
}
