using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Insights;

/// <summary>What the figures of a run mean.</summary>
public sealed record InsightsView(IReadOnlyList<InvariantLamp> Lamps, IReadOnlyList<RewardAnatomy> Anatomy, StopAdvice? Advice, Lineage? Lineage)
{
    /// <summary>Iterations whose pairs are there.</summary>
    public IReadOnlyList<int> Written { get; init; } = [];
}

/// <summary>Reads a run's figures as somebody who knows the method would. All of it is computed anew from what the run wrote; only the look at the pairs is kept, by their hash.</summary>
public sealed class RunInsights(IDbContextFactory<StudioDb> databases, RunService runs, EvaluationService evaluations, StudioPaths paths)
{
    /// <summary>Hashes of files that were looked at, by path, size and time of change.</summary>
    private static readonly ConcurrentDictionary<(string Path, long Bytes, DateTime ChangedAt), string> Hashes = new();

    /// <summary>A large file takes a core for seconds; whoever asks for the same one next finds it done.</summary>
    private static readonly SemaphoreSlim OneAtATime = new(1);

    public async Task<InsightsView> GetAsync(Guid runId, CancellationToken cancellation = default)
    {
        var run = await runs.GetAsync(runId, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var lamps = await LampsAsync(db, run, cancellation);
        if (run.Config.Kind == RunKind.Sft)
        {
            return new InsightsView(lamps, [], null, null);
        }

        var folder = await runs.FolderAsync(runId, cancellation);
        var pairs = Enumerable.Range(0, run.Summary.Iterations).Where(t => File.Exists(folder.Pairs(t))).ToHashSet();
        var anatomy = await AnatomyAsync(db, run, cancellation);
        return new InsightsView(
            lamps, anatomy, run.Config.Kind == RunKind.Spin && run.Config.EarlyStop != EarlyStopMode.Off ? await AdviceAsync(db, run, cancellation) : null,
            run.Config.Kind == RunKind.Spin ? Lineage.Of(run.Iterations, run.Summary.Iterations, run.Config.Window, run.Summary.ModelId, lamps, pairs) : null)
        { Written = [.. pairs.Order()] };
    }

    /// <summary>Whether the pairs of an iteration can be told apart by form alone; null while they are not written.</summary>
    public async Task<ShortcutReport?> ShortcutsAsync(Guid runId, int iteration, CancellationToken cancellation = default)
    {
        var file = iteration < 0 ? null : new FileInfo((await runs.FolderAsync(runId, cancellation)).Pairs(iteration));
        if (file is not { Exists: true })
        {
            return null;
        }

        await OneAtATime.WaitAsync(cancellation);
        try
        {
            return await LookAsync(file, cancellation);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private async Task<ShortcutReport?> LookAsync(FileInfo file, CancellationToken cancellation)
    {
        var key = (file.FullName, file.Length, file.LastWriteTimeUtc);
        if (!Hashes.TryGetValue(key, out var hash))
        {
            Hashes[key] = hash = await Task.Run(() => FileHash.Of(file.FullName), cancellation);
        }

        var kept = Path.Combine(paths.Data, "cache", "shortcuts", hash + ".json");
        if (File.Exists(kept))
        {
            return JsonSerializer.Deserialize<ShortcutReport>(await File.ReadAllTextAsync(kept, cancellation), RunJson.Pretty);
        }

        var report = await Task.Run(() => ShortcutDetector.Analyse(Pairs(file.FullName)), cancellation);
        AtomicFile.WriteJson(kept, report);
        return report;
    }

    private static IEnumerable<Pair> Pairs(string file) =>
        File.ReadLines(file).Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => JsonSerializer.Deserialize<Pair>(line, RunJson.Line)!);

    private static async Task<IReadOnlyList<InvariantLamp>> LampsAsync(StudioDb db, RunDetail run, CancellationToken cancellation)
    {
        var (runId, numbers) = (run.Summary.Id, run.Iterations.Select(iteration => iteration.Number).ToList());
        string[] names = [MetricNames.Loss, MetricNames.Nll, MetricNames.Margin];
        var first = await db.MetricPoints.AsNoTracking()
            .Where(point => point.RunId == runId && numbers.Contains(point.Iteration) && names.Contains(point.Name) && point.Step == 0).ToListAsync(cancellation);
        double? At(int iteration, string name) => first.FirstOrDefault(point => point.Iteration == iteration && point.Name == name)?.Value;
        return [.. numbers.Select(t => InvariantLamp.Of(t, run.Config, At(t, MetricNames.Loss), At(t, MetricNames.Margin), At(t, MetricNames.Nll)))];
    }

    private static async Task<IReadOnlyList<RewardAnatomy>> AnatomyAsync(StudioDb db, RunDetail run, CancellationToken cancellation)
    {
        var all = new List<RewardAnatomy>();
        foreach (var iteration in run.Iterations)
        {
            var real = await LastAsync(db, run.Summary.Id, iteration.Number, "rewards/real", cancellation);
            var generated = await LastAsync(db, run.Summary.Id, iteration.Number, "rewards/generated", cancellation);
            var both = real.Zip(generated).Where(step => step.First is not null && step.Second is not null).ToList();
            if (both.Count > 0)
            {
                all.Add(RewardAnatomy.Of(iteration.Number, iteration.Beta, [.. both.Select(step => step.First!.Value)], [.. both.Select(step => step.Second!.Value)]));
            }
        }

        return all;
    }

    /// <summary>A metric over the last steps of an iteration. Its first step, where all is 0 by construction, does not count.</summary>
    private static async Task<List<double?>> LastAsync(StudioDb db, Guid runId, int iteration, string name, CancellationToken cancellation)
    {
        var points = db.MetricPoints.Where(point => point.RunId == runId && point.Iteration == iteration && point.Name == name && point.Step > 0);
        var last = await points.OrderByDescending(point => point.Step).Select(point => (int?)point.Step).FirstOrDefaultAsync(cancellation) ?? 0;
        var from = last - RewardAnatomy.Window(last) + 1;
        return await points.Where(point => point.Step >= from).OrderBy(point => point.Step).Select(point => point.Value).ToListAsync(cancellation);
    }

    private async Task<StopAdvice> AdviceAsync(StudioDb db, RunDetail run, CancellationToken cancellation)
    {
        var reports = await evaluations.ReportsAsync(run.Summary.Id, cancellation);
        var ended = new List<EndedIteration>();
        foreach (var iteration in run.Iterations.Where(iteration => iteration.FinishedAt is not null))
        {
            var report = reports.FirstOrDefault(one => one.Iteration == iteration.Number);
            if (report is null && run.Config.Evaluation.Examples > 0)
            {
                continue;
            }

            var losses = await MarginLossesAsync(db, run, iteration.Number, cancellation);
            ended.Add(new EndedIteration(iteration.Number, losses.Count == 0 ? null : Intervals.Mean(losses), run.Config.Loss.AtStart(), report?.RewardAccuracy,
                report is null ? null : await CompareAsync(db, run.Summary.Id, iteration.Number, cancellation)) { NllChange = report?.NllChange });
        }

        return StopAdvice.Of(ended);
    }

    /// <summary>The loss of the margins over the last steps of an iteration.</summary>
    private static async Task<List<double>> MarginLossesAsync(StudioDb db, RunDetail run, int iteration, CancellationToken cancellation)
    {
        var losses = await LastAsync(db, run.Summary.Id, iteration, MetricNames.Loss, cancellation);
        if (run.Config.SftWeight == 0)
        {
            return [.. losses.OfType<double>()];
        }

        var likelihoods = await LastAsync(db, run.Summary.Id, iteration, MetricNames.Nll, cancellation);
        return [.. losses.Zip(likelihoods, (loss, nll) => MetricNames.MarginLoss(loss, nll, run.Config.SftWeight)).OfType<double>()];
    }

    /// <summary>The held-out answers of an iteration's model against those of the model before, answer by answer.</summary>
    private static async Task<PairedTest?> CompareAsync(StudioDb db, Guid runId, int iteration, CancellationToken cancellation)
    {
        var answers = await db.Samples.Where(sample => sample.RunId == runId && sample.Split == SampleSplit.HeldOut && sample.Exact != null && (sample.Iteration == iteration || sample.Iteration == iteration - 1))
            .Select(sample => new { sample.Iteration, sample.PromptId, sample.Number, Passed = sample.Exact!.Value }).ToListAsync(cancellation);
        var pairs = answers.GroupBy(answer => (answer.PromptId, answer.Number))
            .Select(group => (Earlier: group.FirstOrDefault(answer => answer.Iteration < iteration), Later: group.FirstOrDefault(answer => answer.Iteration == iteration)))
            .Where(pair => pair.Earlier is not null && pair.Later is not null).Select(pair => (pair.Earlier!.Passed, pair.Later!.Passed)).ToList();
        return pairs.Count == 0 ? null : PairedTest.Of(pairs);
    }
}
