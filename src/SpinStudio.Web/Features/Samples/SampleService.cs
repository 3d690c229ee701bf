using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Samples;

/// <summary>An answer of one model.</summary>
/// <param name="Iteration">As recorded: for train the iteration in which it was the opponent's answer, for held_out the iteration whose finished model answered.</param>
/// <param name="ModelIteration">The model that wrote it: −1 the starting model, t the model that iteration t made.</param>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Exact">Whether it passed its exact check; null without one.</param>
public sealed record Answer(int Iteration, int ModelIteration, int Number, string Text, string FinishReason, int? Tokens, bool? Exact);

/// <summary>A prompt with the human answer and one answer per model, oldest model first.</summary>
public sealed record PromptAnswers(string PromptId, string Split, string? System, string Prompt, string Human, IReadOnlyList<Answer> Answers);

/// <summary>Which prompts to list.</summary>
/// <param name="Split">train or held_out.</param>
/// <param name="Search">Only prompts, human or generated answers that contain this, whatever the case.</param>
public sealed record SampleQuery(string Split = SampleSplit.HeldOut, string? Search = null, int Skip = 0, int Take = 20);

public static class SampleSplit
{
    public const string Train = "train";
    public const string HeldOut = "held_out";
}

/// <summary>Answers of a run's models beside the human ones.</summary>
public sealed class SampleService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    private const int LargestPage = 200;

    /// <summary>Prompts in the dataset's order, each with all its answers.</summary>
    public async Task<Page<PromptAnswers>> PromptsAsync(Guid runId, SampleQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var samples = db.Samples.Where(sample => sample.RunId == runId && sample.Split == query.Split);
        if (!string.IsNullOrWhiteSpace(query.Search))
        {
            var pattern = Like.Containing(query.Search);
            samples = samples.Where(sample =>
                EF.Functions.Like(sample.Prompt, pattern, Like.Escape) || EF.Functions.Like(sample.Real, pattern, Like.Escape) || EF.Functions.Like(sample.Generated, pattern, Like.Escape));
        }

        var prompts = samples.GroupBy(sample => sample.PromptId).Select(group => new { Id = group.Key, First = group.Min(sample => sample.Id) });
        var total = await prompts.CountAsync(cancellation);
        var page = await prompts.OrderBy(prompt => prompt.First).Skip(Math.Max(query.Skip, 0)).Take(Math.Clamp(query.Take, 1, LargestPage)).Select(prompt => prompt.Id).ToListAsync(cancellation);
        return new Page<PromptAnswers>(await AnswersAsync(db, runId, query.Split, page, cancellation), total);
    }

    public async Task<PromptAnswers> PromptAsync(Guid runId, string split, string promptId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        return (await AnswersAsync(db, runId, split, [promptId], cancellation)).SingleOrDefault() ?? throw StudioException.NotFound("prompt");
    }

    /// <summary>The newest answers, newest first: what appears while generation runs.</summary>
    public async Task<IReadOnlyList<PromptAnswers>> LatestAsync(Guid runId, int take = 10, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var newest = await db.Samples.AsNoTracking().Where(sample => sample.RunId == runId).OrderByDescending(sample => sample.Id).Take(Math.Clamp(take, 1, LargestPage)).ToListAsync(cancellation);
        return [.. newest.Select(sample => Prompt([sample]))];
    }

    private static async Task<List<PromptAnswers>> AnswersAsync(StudioDb db, Guid runId, string split, List<string> promptIds, CancellationToken cancellation)
    {
        var rows = await db.Samples.AsNoTracking().Where(sample => sample.RunId == runId && sample.Split == split && promptIds.Contains(sample.PromptId)).ToListAsync(cancellation);
        var byPrompt = rows.ToLookup(sample => sample.PromptId);
        return [.. promptIds.Where(byPrompt.Contains).Select(id => Prompt([.. byPrompt[id]]))];
    }

    private static PromptAnswers Prompt(IReadOnlyList<Sample> samples)
    {
        var first = samples[0];
        return new PromptAnswers(first.PromptId, first.Split, samples.Select(sample => sample.System).FirstOrDefault(system => system is not null), first.Prompt, first.Real,
            [.. samples.OrderBy(sample => sample.Iteration).ThenBy(sample => sample.Number).ThenBy(sample => sample.Id).Select(Answer)]);
    }

    private static Answer Answer(Sample sample) => new(
        sample.Iteration, sample.Split == SampleSplit.Train ? sample.Iteration - 1 : sample.Iteration, sample.Number, sample.Generated, sample.FinishReason, sample.Tokens, sample.Exact);

    private async Task CheckAsync(StudioDb db, Guid runId, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        if (!await db.Runs.AnyAsync(run => run.Id == runId && run.TeamId == me.TeamId, cancellation))
        {
            throw StudioException.NotFound("run");
        }
    }
}
