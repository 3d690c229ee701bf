using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Comparison;

/// <summary>Puts 2 to 8 runs of the current user's team side by side.</summary>
public sealed class ComparisonService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public const int Most = 8;

    /// <param name="baseline">One of the ids; null: the first.</param>
    /// <param name="step">Also tells each metric at this optimizer step.</param>
    public async Task<RunComparison> CompareAsync(IReadOnlyList<Guid> ids, Guid? baseline = null, long? step = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var wanted = ids.Distinct().ToList();
        if (wanted.Count is < 2 or > Most)
        {
            throw new StudioException(Refusal.Invalid, $"ids must name 2 to {Most} runs (got {wanted.Count}).");
        }

        var against = baseline ?? wanted[0];
        if (!wanted.Contains(against))
        {
            throw new StudioException(Refusal.Invalid, $"The baseline {against} is none of the runs that are compared.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var own = db.Runs.Where(run => run.TeamId == me.TeamId && wanted.Contains(run.Id));
        var summaries = (await RunView.SummariesAsync(db, own, cancellation)).ToDictionary(run => run.Id);
        if (summaries.Count != wanted.Count)
        {
            throw StudioException.NotFound("run");
        }

        var configs = await own.Select(run => new { run.Id, run.Config }).ToDictionaryAsync(run => run.Id, run => run.Config, cancellation);
        return new RunComparison(
            against, [.. wanted.Select(id => summaries[id])], Settings([.. wanted.Select(id => summaries[id])], [.. wanted.Select(id => configs[id])]), await MetricsAsync(db, wanted, step, cancellation),
            await MeasuresAsync(db, wanted, against, cancellation));
    }

    /// <summary>Dataset and model by name: their paths in the config differ even where they are the same.</summary>
    private static List<ComparedSetting> Settings(List<RunSummary> runs, IReadOnlyList<string> configs)
    {
        HashSet<string> paths = ["name", "model", "dataset", "held_out"];
        var settings = configs.Select(config => ConfigSettings.Flatten(config).Where(setting => !paths.Contains(setting.Key)).ToDictionary()).ToList();
        return
        [
            new ComparedSetting("dataset", [.. runs.Select(run => run.DatasetName)]),
            new ComparedSetting("model", [.. runs.Select(run => run.ModelName)]),
            .. settings.SelectMany(config => config.Keys).Distinct().Select(key => new ComparedSetting(key, [.. settings.Select(config => config.GetValueOrDefault(key))])),
        ];
    }

    private static async Task<List<ComparedMetric>> MetricsAsync(StudioDb db, List<Guid> ids, long? step, CancellationToken cancellation)
    {
        var ranges = await db.MetricPoints.Where(point => ids.Contains(point.RunId)).GroupBy(point => new { point.RunId, point.Name })
            .Select(group => new { group.Key.RunId, group.Key.Name, Min = group.Min(point => point.Value), Max = group.Max(point => point.Value), LastStep = group.Max(point => point.GlobalStep) }).ToListAsync(cancellation);
        var last = await ValuesAsync(db, ids, long.MaxValue, cancellation);
        var at = step is { } asked ? await ValuesAsync(db, ids, asked, cancellation) : [];
        return [.. ranges.GroupBy(range => range.Name).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new ComparedMetric(group.Key, [.. ids.Select(id =>
            group.FirstOrDefault(range => range.RunId == id) is { } range
                ? new MetricRange(last.GetValueOrDefault((id, group.Key)), range.Min, range.Max, range.LastStep, at.GetValueOrDefault((id, group.Key)))
                : null)]))];
    }

    /// <summary>Each metric's newest value at or before a step.</summary>
    private static async Task<Dictionary<(Guid, string), double?>> ValuesAsync(StudioDb db, List<Guid> ids, long step, CancellationToken cancellation)
    {
        var newest = db.MetricPoints.Where(point => ids.Contains(point.RunId) && point.GlobalStep <= step).GroupBy(point => new { point.RunId, point.Name })
            .Select(group => new { group.Key.RunId, group.Key.Name, Step = group.Max(point => point.GlobalStep) });
        var values = await (
            from point in db.MetricPoints
            join one in newest on new { point.RunId, point.Name, Step = point.GlobalStep } equals new { one.RunId, one.Name, one.Step }
            select new { point.RunId, point.Name, point.Value }).ToListAsync(cancellation);
        return values.ToDictionary(value => (value.RunId, value.Name), value => value.Value);
    }

    private static async Task<List<ComparedMeasure>> MeasuresAsync(StudioDb db, List<Guid> ids, Guid baseline, CancellationToken cancellation)
    {
        var newest = (await db.Evaluations.Where(evaluation => ids.Contains(evaluation.RunId)).ToListAsync(cancellation))
            .GroupBy(evaluation => evaluation.RunId)
            .ToDictionary(group => group.Key, group => JsonSerializer.Deserialize<EvaluationReport>(group.MaxBy(evaluation => evaluation.Iteration)!.Report, RunJson.Line)!);
        Dictionary<Guid, Dictionary<string, double>> rates = [];
        foreach (var (id, report) in newest)
        {
            rates[id] = report.Exact is null ? [] : await RunDigest.PassRatesAsync(db, id, report.Iteration, cancellation);
        }

        List<ComparedMeasure> measures =
        [
            Measure("exact", "Exact check", true, true, report => report.Exact),
            .. newest.Values.SelectMany(report => report.ExactByKind.Keys).Distinct().Order(StringComparer.Ordinal)
                .Select(kind => Measure($"exact.{kind}", kind.Replace('_', ' '), true, true, report => report.ExactByKind.GetValueOrDefault(kind))),
            Measure("nll", "NLL", false, false, report => report.Nll),
            Measure("reward_accuracy", "Reward accuracy", true, null, report => report.RewardAccuracy),
            Measure("reward_margin", "Margin", false, null, report => report.RewardMargin),
        ];
        return [.. measures.Where(measure => measure.Values.Any(value => value is not null))];

        ComparedMeasure Measure(string key, string name, bool share, bool? higherIsBetter, Func<EvaluationReport, Estimate?> of) => new(key, name, share, higherIsBetter,
            [.. ids.Select(id => newest.GetValueOrDefault(id) is { } report && of(report) is { } value ? new ComparedValue(report.Iteration, value, id == baseline ? null : Against(id, key, value, of)) : null)]);

        Difference? Against(Guid id, string key, Estimate value, Func<EvaluationReport, Estimate?> of)
        {
            if (newest.GetValueOrDefault(baseline) is not { } start || of(start) is not { } first)
            {
                return null;
            }

            // The same prompts: each is its own control. Per-prompt results are kept for the exact check as a whole.
            var (a, b) = (rates[baseline], rates[id]);
            return key == "exact" && a.Count > 0 && a.Count == b.Count && a.Keys.All(b.ContainsKey)
                ? Difference.OfPairs([.. a.Select(prompt => (prompt.Value, b[prompt.Key]))])
                : Difference.Of(first, value);
        }
    }
}
