using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Components;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Answers;

/// <summary>Answers of any iteration of any run of the team, and the human ones, prompt by prompt.</summary>
public sealed class AnswerService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public const int MostSources = 12;

    /// <summary>Runs whose models are offered.</summary>
    public const int MostRuns = 100;

    /// <summary>Prompts that are put in an order at once.</summary>
    public const int MostOrdered = 5000;

    private const int LargestPage = 1000;

    /// <summary>Everything that has answered: the human answer, then the models of each run, newest run first and its newest model first; of the newest <see cref="MostRuns"/> runs.</summary>
    public async Task<IReadOnlyList<SourceInfo>> SourcesAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.Where(run => run.TeamId == me.TeamId && db.Samples.Any(sample => sample.RunId == run.Id)).OrderByDescending(run => run.CreatedAt).Take(MostRuns).Select(run => run.Id);
        var answered = await db.Samples.Where(sample => sample.Split == SampleSplit.HeldOut && runs.Contains(sample.RunId))
            .Select(sample => new { sample.RunId, sample.Iteration }).Distinct().ToListAsync(cancellation);
        var sources = answered.Select(pair => new AnswerSource(pair.RunId, pair.Iteration)).ToList();
        var named = await NamedAsync(db, me.TeamId, sources, cancellation);
        return [.. await NamedAsync(db, me.TeamId, [AnswerSource.Human], cancellation), .. named.OrderByDescending(info => info.Source.RunId).ThenByDescending(info => info.Source.Iteration)];
    }

    /// <summary>The models of one run that answered prompts of a split, oldest first; of many the newest, and the starting model.</summary>
    public async Task<IReadOnlyList<SourceInfo>> OfRunAsync(Guid runId, string split = SampleSplit.HeldOut, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var shift = split == SampleSplit.Train ? 1 : 0;
        var iterations = await db.Samples.Where(sample => sample.RunId == runId && sample.Split == split).Select(sample => sample.Iteration - shift).Distinct().OrderBy(iteration => iteration).ToListAsync(cancellation);
        var shown = iterations.Take(1).Concat(iterations.Skip(1).TakeLast(MostSources - 2));
        return await NamedAsync(db, me.TeamId, [.. shown.Select(iteration => new AnswerSource(runId, iteration))], cancellation);
    }

    /// <summary>The sources under their names, in their order.</summary>
    /// <exception cref="StudioException">One of them belongs to no run of the team.</exception>
    public async Task<IReadOnlyList<SourceInfo>> NamesAsync(IReadOnlyList<AnswerSource> sources, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await NamedAsync(db, me.TeamId, sources, cancellation);
    }

    /// <summary>Prompts that all these sources answered, in the order of the first model's run.</summary>
    /// <param name="split">train or held_out. A model's answers to training prompts are those that it gave as opponent.</param>
    /// <param name="search">Only prompts, human or generated answers that contain this, whatever the case.</param>
    public async Task<Page<SharedPrompt>> PromptsAsync(
        IReadOnlyList<AnswerSource> sources, string split = SampleSplit.HeldOut, string? search = null, int skip = 0, int take = 20, CancellationToken cancellation = default)
    {
        var db = await OpenAsync(sources, cancellation);
        await using (db)
        {
            var shared = Shared(db, sources, split, search);
            var total = await shared.CountAsync(cancellation);
            var page = await shared.OrderBy(sample => sample.Id).Skip(Math.Max(skip, 0)).Take(Math.Clamp(take, 1, LargestPage)).Select(sample => sample.PromptId).ToListAsync(cancellation);
            return new Page<SharedPrompt>(await AnswersAsync(db, page, sources, cancellation), total);
        }
    }

    /// <summary>Ids of the prompts that all these sources answered, in an order of <see cref="PromptOrder"/>; at most <see cref="MostOrdered"/>.</summary>
    /// <inheritdoc cref="PromptsAsync"/>
    public async Task<IReadOnlyList<string>> OrderedAsync(
        IReadOnlyList<AnswerSource> sources, string split = SampleSplit.HeldOut, string? search = null, string? order = null, CancellationToken cancellation = default)
    {
        await using var db = await OpenAsync(sources, cancellation);
        var ids = await Shared(db, sources, split, search).OrderBy(sample => sample.Id).Take(MostOrdered).Select(sample => sample.PromptId).ToListAsync(cancellation);
        if (string.IsNullOrEmpty(order))
        {
            return ids;
        }

        // The judged model is held against another one of the sources, else against the iteration that it came from.
        var models = sources.Where(source => !source.IsHuman).ToList();
        var judged = models[^1];
        AnswerSource? before = models.Count > 1 ? models[^2] : judged.Iteration >= 0 ? judged with { Iteration = judged.Iteration - 1 } : null;
        List<AnswerSource> needed = before is { } earlier ? [judged, earlier] : [judged];
        var prompts = await AnswersAsync(db, ids, needed, cancellation);
        return [.. PromptOrder.Apply(prompts, order, 0, before is null ? null : 1).Select(prompt => prompt.PromptId)];
    }

    /// <summary>Those prompts with an answer of each source, in the order of the ids; prompts that not all of them answered are left out.</summary>
    public async Task<IReadOnlyList<SharedPrompt>> PromptsAsync(IReadOnlyList<string> promptIds, IReadOnlyList<AnswerSource> sources, CancellationToken cancellation = default)
    {
        await using var db = await OpenAsync(sources, cancellation);
        return await AnswersAsync(db, promptIds, sources, cancellation);
    }

    /// <summary>One prompt with an answer of each source.</summary>
    /// <exception cref="StudioException">Not all of them answered it.</exception>
    public async Task<SharedPrompt> PromptAsync(string promptId, IReadOnlyList<AnswerSource> sources, CancellationToken cancellation = default)
    {
        await using var db = await OpenAsync(sources, cancellation);
        return (await AnswersAsync(db, [promptId], sources, cancellation)).SingleOrDefault() ?? throw StudioException.NotFound("prompt");
    }

    private async Task<StudioDb> OpenAsync(IReadOnlyList<AnswerSource> sources, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources.Count > MostSources)
        {
            throw new StudioException(Refusal.Invalid, $"At most {MostSources} sources of answers at once (got {sources.Count}).");
        }

        if (!sources.Any(source => !source.IsHuman))
        {
            throw new StudioException(Refusal.Invalid, "Name at least one iteration of a run: prompts are those that it answered.");
        }

        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var db = await databases.CreateDbContextAsync(cancellation);
        try
        {
            await NamedAsync(db, me.TeamId, sources, cancellation);
            return db;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>First answers of the first model to prompts that all the others answered too.</summary>
    private static IQueryable<Sample> Shared(StudioDb db, IReadOnlyList<AnswerSource> sources, string split, string? search)
    {
        var models = sources.Where(source => !source.IsHuman).Distinct().ToList();
        var shared = Of(db, models[0], split);
        foreach (var model in models.Skip(1))
        {
            var others = Of(db, model, split);
            shared = shared.Where(sample => others.Any(other => other.PromptId == sample.PromptId));
        }

        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = Like.Containing(search);
            shared = shared.Where(sample =>
                EF.Functions.Like(sample.Prompt, pattern, Like.Escape) || EF.Functions.Like(sample.Real, pattern, Like.Escape) || EF.Functions.Like(sample.Generated, pattern, Like.Escape));
        }

        return shared;
    }

    private static IQueryable<Sample> Of(StudioDb db, AnswerSource model, string split)
    {
        var (run, iteration) = (model.RunId, split == SampleSplit.Train ? model.Iteration + 1 : model.Iteration);
        return db.Samples.Where(sample => sample.RunId == run && sample.Split == split && sample.Iteration == iteration && sample.Number == 0);
    }

    /// <summary>In the order of the ids; prompts that not all sources answered are left out.</summary>
    private static async Task<List<SharedPrompt>> AnswersAsync(StudioDb db, IReadOnlyList<string> promptIds, IReadOnlyList<AnswerSource> sources, CancellationToken cancellation)
    {
        var runs = sources.Select(source => source.RunId).OfType<Guid>().Distinct().ToList();
        var rows = await db.Samples.AsNoTracking().Where(sample => runs.Contains(sample.RunId) && promptIds.Contains(sample.PromptId) && sample.Number == 0).OrderBy(sample => sample.Id).ToListAsync(cancellation);
        var byPrompt = rows.ToLookup(sample => sample.PromptId);
        return [.. promptIds.Select(id => Prompt([.. byPrompt[id]], sources)).OfType<SharedPrompt>()];
    }

    private static SharedPrompt? Prompt(List<Sample> rows, IReadOnlyList<AnswerSource> sources)
    {
        var bySource = rows.ToLookup(row => new AnswerSource(row.RunId, row.Split == SampleSplit.Train ? row.Iteration - 1 : row.Iteration));
        var first = sources.Where(source => !source.IsHuman).SelectMany(source => bySource[source]).FirstOrDefault();
        if (first is null || sources.Any(source => !source.IsHuman && !bySource[source].Any()))
        {
            return null;
        }

        return new SharedPrompt(first.PromptId, rows.Select(row => row.System).FirstOrDefault(system => system is not null), first.Prompt,
            [.. sources.Select(source => source.IsHuman ? new SourcedAnswer(source, 0, first.Real) : Answer(source, bySource[source].First()))]);
    }

    private static SourcedAnswer Answer(AnswerSource source, Sample row) => new(
        source, row.Number, row.Generated, row.FinishReason, row.Tokens, row.Exact, row.ToHuman, row.LogProb, row.HumanLogProb, row.RewardHuman, row.RewardOpponent);

    private static async Task<List<SourceInfo>> NamedAsync(StudioDb db, Guid teamId, IReadOnlyList<AnswerSource> sources, CancellationToken cancellation)
    {
        var ids = sources.Select(source => source.RunId).OfType<Guid>().Distinct().ToList();
        var runs = await db.Runs.Where(run => run.TeamId == teamId && ids.Contains(run.Id)).Select(run => new { run.Id, run.Name, run.ModelId }).ToDictionaryAsync(run => run.Id, cancellation);
        var models = (await db.Models.Where(model => model.TeamId == teamId && model.RunId != null && ids.Contains(model.RunId.Value)).Select(model => new { model.Id, model.RunId, model.Iteration }).ToListAsync(cancellation))
            .ToDictionary(model => new AnswerSource(model.RunId, model.Iteration ?? 0), model => model.Id);
        return [.. sources.Select(Named)];

        SourceInfo Named(AnswerSource source)
        {
            if (source.RunId is not { } id)
            {
                return new SourceInfo(source, "Human", null, null);
            }

            var run = runs.GetValueOrDefault(id) ?? throw StudioException.NotFound("run");
            return new SourceInfo(source, $"{run.Name} · {Format.ModelOf(source.Iteration)}", run.Name, source.Iteration < 0 ? run.ModelId : models.TryGetValue(source, out var model) ? model : null);
        }
    }
}
