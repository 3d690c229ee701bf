using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Features.Downloads;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

/// <param name="Ties">Pairs of answers left out because no answer has more votes than the other, both-bad among them.</param>
/// <param name="Rows">Pairs of answers of which one has more votes.</param>
public sealed record PreferenceCount(int Rows, int Ties);

/// <summary>Votes as a table, and as a preference dataset.</summary>
public sealed class ArenaExport(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, DatasetVersions versions, DatasetStore store, TimeProvider time)
{
    private const string Head = "voted_at,rater,question,prompt_id,prompt,a,b,vote,winner,comment\n";

    /// <summary>Every vote, oldest first.</summary>
    public async Task<string> CsvAsync(Guid id, CancellationToken cancellation = default)
    {
        var (arena, votes, prompts, _) = await ReadAsync(id, cancellation);
        var names = arena.Contestants.ToDictionary(contestant => contestant.Number, contestant => contestant.Name);
        var csv = new StringBuilder(Head);
        foreach (var vote in votes.OrderBy(vote => vote.VotedAt))
        {
            var (first, second) = vote.Swapped ? (vote.Two, vote.One) : (vote.One, vote.Two);
            var winner = vote.Outcome switch { BallotOutcome.One => names[vote.One], BallotOutcome.Two => names[vote.Two], _ => "" };
            string[] cells =
            [
                vote.VotedAt!.Value.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), vote.UserName, vote.Kind == BallotKind.Human ? "which is a person's" : "which is better", prompts[vote.Prompt].PromptId,
                prompts[vote.Prompt].Text, names[first], names[second], Word(vote), winner, vote.Comment ?? "",
            ];
            csv.AppendJoin(',', cells.Select(CsvCell.Text)).Append('\n');
        }

        return csv.ToString();
    }

    /// <summary>A row for each pair of answers of which one has more votes.</summary>
    public async Task<(IReadOnlyList<Example> Rows, PreferenceCount Count)> PreferencesAsync(Guid id, CancellationToken cancellation = default)
    {
        var (_, votes, prompts, answers) = await ReadAsync(id, cancellation);
        var rows = new List<Example>();
        var ties = 0;
        foreach (var pair in votes.Where(vote => vote.Kind == BallotKind.Better).GroupBy(vote => (vote.Prompt, vote.One, vote.Two)).OrderBy(pair => pair.Key))
        {
            if (ArenaAgreement.Majority(pair) is not { } better)
            {
                ties++;
                continue;
            }

            var (chosen, rejected) = better == PairVerdict.First ? (pair.Key.One, pair.Key.Two) : (pair.Key.Two, pair.Key.One);
            var prompt = prompts[pair.Key.Prompt];
            rows.Add(new Example(prompt.Text, answers[(pair.Key.Prompt, chosen)], prompt.System, Rejected: answers[(pair.Key.Prompt, rejected)]));
        }

        return (rows, new PreferenceCount(rows.Count, ties));
    }

    /// <summary>Makes a dataset of the team, for runs of the kind dpo. Needs Runner.</summary>
    /// <returns>The dataset's id.</returns>
    public async Task<Guid> DatasetAsync(Guid id, string? name, string? description = null, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await ArenaService.FindAsync(db, me, id, cancellation);
        var free = await versions.NewNameAsync(me, name, null, cancellation);
        var (rows, count) = await PreferencesAsync(id, cancellation);
        if (rows.Count == 0)
        {
            throw new StudioException(Refusal.Conflict, "No pair of answers has more votes for one than for the other yet; vote first.");
        }

        var source = $"votes of the arena {arena.Name}: {count.Rows} preferences, {count.Ties} {(count.Ties == 1 ? "tie" : "ties")} left out";
        var version = await store.AddAsync(rows, null, source, time.GetUtcNow(), cancellation);
        return await versions.AddAsync(me, version, null, free, DatasetVersions.Description(description) ?? $"What people preferred in the arena {arena.Name}.", "arena.dataset", cancellation);
    }

    private static string Word(ArenaBallot vote) => vote.Outcome switch
    {
        BallotOutcome.Tie => "tie",
        BallotOutcome.BothBad => "both bad",
        BallotOutcome.One => vote.Swapped ? "B" : "A",
        _ => vote.Swapped ? "A" : "B",
    };

    private async Task<(Arena Arena, List<ArenaBallot> Votes, Dictionary<int, ArenaPrompt> Prompts, Dictionary<(int Prompt, int Contestant), string> Answers)> ReadAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await ArenaService.FindAsync(db, me, id, cancellation);
        var ballots = await db.ArenaBallots.AsNoTracking().Where(ballot => ballot.ArenaId == id && ballot.Outcome != null).ToListAsync(cancellation);
        var prompts = await db.ArenaPrompts.AsNoTracking().Where(prompt => prompt.ArenaId == id).ToDictionaryAsync(prompt => prompt.Number, cancellation);
        var answers = await db.ArenaAnswers.AsNoTracking().Where(answer => answer.ArenaId == id).ToDictionaryAsync(answer => (answer.Prompt, answer.Contestant), answer => answer.Text, cancellation);
        return (arena, [.. ballots.Where(ballot => ballot.IsVote())], prompts, answers);
    }
}
