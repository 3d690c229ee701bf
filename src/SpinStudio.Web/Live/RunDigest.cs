using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Live;

/// <summary>Keeps the figures on a run's row that lists show: newest and extreme loss, its thinned curve, held-out rates and their change.</summary>
internal static class RunDigest
{
    private const string Loss = "loss";

    public static void Take(Run run, JournalEvent journalEvent)
    {
        if (run.StartedAt is { } start)
        {
            run.WorkSeconds = Math.Max(run.WorkSeconds ?? 0, (journalEvent.At - start).TotalSeconds);
        }

        if (journalEvent is MetricsEvent metrics && metrics.Values.TryGetValue(Loss, out var loss))
        {
            Take(run, loss is { } number && double.IsFinite(number) ? number : null);
        }
    }

    private static void Take(Run run, double? loss)
    {
        run.LossCurve = LossCurve.Append(run.LossCurve, run.Steps ?? 0, loss);
        run.Steps = (run.Steps ?? 0) + 1;
        if (loss is { } value)
        {
            run.LossLast = value;
            run.LossMin = Math.Min(run.LossMin ?? value, value);
            run.LossMax = Math.Max(run.LossMax ?? value, value);
        }
    }

    /// <summary>After the report's samples are stored: they pair the new model's answers with the starting model's, prompt by prompt.</summary>
    public static async Task TakeAsync(StudioDb db, Run run, EvaluationReport report, CancellationToken cancellation)
    {
        (run.NllLast, run.NllBest) = (report.Nll.Mean, Math.Min(run.NllBest ?? report.Nll.Mean, report.Nll.Mean));
        if (report.Exact is not { } exact)
        {
            return;
        }

        (run.ExactLast, run.ExactBest) = (exact.Mean, Math.Max(run.ExactBest ?? 0, exact.Mean));
        if (report.Iteration < 0)
        {
            run.ExactStart = exact.Mean;
            return;
        }

        var start = await PassRatesAsync(db, run.Id, -1, cancellation);
        var now = await PassRatesAsync(db, run.Id, report.Iteration, cancellation);
        var change = Difference.OfPairs([.. now.Where(prompt => start.ContainsKey(prompt.Key)).Select(prompt => (start[prompt.Key], prompt.Value))]);
        (run.ExactChange, run.ExactChangeLow, run.ExactChangeHigh, run.ExactCount) = (change?.Mean, change?.Low, change?.High, change?.Count);
    }

    /// <summary>Share of a model's held-out answers that pass their exact check, by prompt.</summary>
    public static Task<Dictionary<string, double>> PassRatesAsync(StudioDb db, Guid runId, int iteration, CancellationToken cancellation) => db.Samples
        .Where(sample => sample.RunId == runId && sample.Split == SampleSplit.HeldOut && sample.Iteration == iteration && sample.Exact != null)
        .GroupBy(sample => sample.PromptId)
        .Select(group => new { group.Key, Rate = group.Average(sample => sample.Exact == true ? 1.0 : 0.0) })
        .ToDictionaryAsync(prompt => prompt.Key, prompt => prompt.Rate, cancellation);

    /// <summary>From what is stored, for a run that was taken in before these figures were kept.</summary>
    public static async Task RebuildAsync(StudioDb db, Run run, CancellationToken cancellation)
    {
        (run.Steps, run.LossCurve, run.LossLast, run.LossMin, run.LossMax) = (0, null, null, null, null);
        await foreach (var value in db.MetricPoints.Where(point => point.RunId == run.Id && point.Name == Loss).OrderBy(point => point.GlobalStep).Select(point => point.Value)
            .AsAsyncEnumerable().WithCancellation(cancellation))
        {
            Take(run, value);
        }

        var newest = await db.MetricPoints.Where(point => point.RunId == run.Id).MaxAsync(point => (DateTimeOffset?)point.At, cancellation);
        run.WorkSeconds = run.StartedAt is { } start && (run.EndedAt ?? newest) is { } end ? Math.Max(0, (end - start).TotalSeconds) : null;
        foreach (var report in await db.Evaluations.Where(evaluation => evaluation.RunId == run.Id).OrderBy(evaluation => evaluation.Iteration).Select(evaluation => evaluation.Report).ToListAsync(cancellation))
        {
            await TakeAsync(db, run, System.Text.Json.JsonSerializer.Deserialize<EvaluationReport>(report, RunJson.Line)!, cancellation);
        }
    }
}
