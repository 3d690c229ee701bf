using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Features.Comparison;

/// <summary>Runs side by side; every list has one entry a run, in the order asked for.</summary>
/// <param name="Baseline">The run that the others are measured against.</param>
public sealed record RunComparison(
    Guid Baseline, IReadOnlyList<RunSummary> Runs, IReadOnlyList<ComparedSetting> Settings, IReadOnlyList<ComparedMetric> Metrics, IReadOnlyList<ComparedMeasure> Measures);

/// <param name="Key">As in run.json, nested ones with a dot.</param>
/// <param name="Values">Null where the run has no such setting.</param>
public sealed record ComparedSetting(string Key, IReadOnlyList<string?> Values)
{
    public bool Differs => Values.Distinct().Count() > 1;
}

/// <param name="Values">Null where the run has no point of it.</param>
public sealed record ComparedMetric(string Name, IReadOnlyList<MetricRange?> Values);

/// <param name="AtStep">The newest value at or before the step that was asked for; null without one.</param>
public sealed record MetricRange(double? Last, double? Min, double? Max, long LastStep, double? AtStep);

/// <summary>One held-out figure of the newest evaluated model of each run.</summary>
/// <param name="Share">A rate, shown in percent.</param>
/// <param name="HigherIsBetter">Null: neither way is better by itself.</param>
public sealed record ComparedMeasure(string Key, string Name, bool Share, bool? HigherIsBetter, IReadOnlyList<ComparedValue?> Values);

/// <param name="Iteration">Whose finished model it is; −1 is the starting model.</param>
/// <param name="Against">Against the baseline; null for the baseline itself, and where it has no such figure.</param>
public sealed record ComparedValue(int Iteration, Estimate Value, Difference? Against);
