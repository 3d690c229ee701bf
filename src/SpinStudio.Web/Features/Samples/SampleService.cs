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
/// <param name="Only">identical, near (nearly the human wording), truncated, passed or failed; null: all.</param>
/// <param name="Order">worst, best (by exact check, then likeness to the human answer) or changed (most against the model before); null: as in the dataset.</param>
/// <param name="Iteration">Only answers of this iteration count for the above; null: for the order the newest, for the rest any.</param>
public sealed record SampleQuery(string Split = SampleSplit.HeldOut, string? Search = null, int Skip = 0, int Take = 20, string? Only = null, string? Order = null, int? Iteration = null);

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

        if (query.Iteration is { } iteration)
        {
            samples = samples.Where(sample => sample.Iteration == iteration);
        }

        samples = Only(samples, query.Only);
        var total = await samples.Select(sample => sample.PromptId).Distinct().CountAsync(cancellation);
        var ordered = query.Order is null || query.Iteration is not null ? samples : Newest(db, runId, query.Split, samples);
        var page = await Ordered(ordered, query.Order).Skip(Math.Max(query.Skip, 0)).Take(Math.Clamp(query.Take, 1, LargestPage)).ToListAsync(cancellation);
        return new Page<PromptAnswers>(await AnswersAsync(db, runId, query.Split, page, cancellation), total);
    }

    public async Task<PromptAnswers> PromptAsync(Guid runId, string split, string promptId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        return (await AnswersAsync(db, runId, split, [promptId], cancellation)).SingleOrDefault() ?? throw StudioException.NotFound("prompt");
    }

    /// <summary>The newest answers, newest first, one for each prompt of a model: what appears while generation runs.</summary>
    public async Task<IReadOnlyList<PromptAnswers>> LatestAsync(Guid runId, int take = 10, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var newest = await db.Samples.AsNoTracking().Where(sample => sample.RunId == runId && sample.Number == 0).OrderByDescending(sample => sample.Id).Take(Math.Clamp(take, 1, LargestPage)).ToListAsync(cancellation);
        return [.. newest.Select(sample => Prompt([sample]))];
    }

    private static IQueryable<Sample> Only(IQueryable<Sample> samples, string? which) => which switch
    {
        null or "" => samples,
        "identical" => samples.Where(sample => sample.Generated == sample.Real),
        "near" => samples.Where(sample => sample.ToHuman >= Likeness.NearCopy),
        "truncated" => samples.Where(sample => sample.FinishReason == "length"),
        "passed" => samples.Where(sample => sample.Exact == true),
        "failed" => samples.Where(sample => sample.Exact == false),
        _ => throw new StudioException(Refusal.Invalid, $"'only' is identical, near, truncated, passed or failed (got '{which}')."),
    };

    /// <summary>Answers of the newest model that has answered.</summary>
    private static IQueryable<Sample> Newest(StudioDb db, Guid runId, string split, IQueryable<Sample> samples) =>
        samples.Where(sample => sample.Iteration == db.Samples.Where(other => other.RunId == runId && other.Split == split).Max(other => other.Iteration));

    /// <summary>Prompt ids. A failed check is worse than no check, that worse than a passed one; among equals the likeness to the human answer decides.</summary>
    private static IQueryable<string> Ordered(IQueryable<Sample> samples, string? order)
    {
        var prompts = samples.GroupBy(sample => sample.PromptId).Select(group => new
        {
            Id = group.Key,
            First = group.Min(sample => sample.Id),
            Quality = group.Average(sample => (sample.Exact == true ? 2.0 : sample.Exact == false ? 0.0 : 1.0) + (sample.ToHuman ?? 0)),
            Kept = group.Average(sample => sample.ToPrevious ?? 1),
        });
        return order switch
        {
            null or "" => prompts.OrderBy(prompt => prompt.First).Select(prompt => prompt.Id),
            "worst" => prompts.OrderBy(prompt => prompt.Quality).ThenBy(prompt => prompt.First).Select(prompt => prompt.Id),
            "best" => prompts.OrderByDescending(prompt => prompt.Quality).ThenBy(prompt => prompt.First).Select(prompt => prompt.Id),
            "changed" => prompts.OrderBy(prompt => prompt.Kept).ThenBy(prompt => prompt.First).Select(prompt => prompt.Id),
            _ => throw new StudioException(Refusal.Invalid, $"'order' is worst, best or changed (got '{order}')."),
        };
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
