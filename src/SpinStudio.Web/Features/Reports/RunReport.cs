using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Reports;

/// <summary>What of a run may be told.</summary>
/// <param name="Names">Names of members.</param>
/// <param name="Answers">Prompts and answers.</param>
/// <param name="Inside">What only the team sees: notes, hashes of its data, the command that repeats the run, why it failed.</param>
public sealed record ReportScope(bool Names, bool Answers, bool Inside)
{
    public static readonly ReportScope Team = new(true, true, true);
}

/// <summary>A run on one sheet, as it stands now.</summary>
/// <param name="Settings">Without paths.</param>
/// <param name="Notes">Markdown; null where there are none or they may not be told.</param>
/// <param name="Provenance">Null until the run folder is prepared, after its files are deleted, and where it may not be told.</param>
public sealed record RunReport(
    RunSummary Run, string? Device, IReadOnlyList<KeyValuePair<string, string>> Settings, IReadOnlyList<IterationInfo> Iterations, IReadOnlyList<EvaluationReport> Evaluations,
    IReadOnlyList<ReportChart> Charts, IReadOnlyList<PromptAnswers> Samples, string? Notes, RunProvenance? Provenance, string? ConfigJson, int? DatasetVersion, string? DatasetSha256,
    string? FailureMessage, ReportScope Scope, DateTimeOffset MadeAt);

/// <param name="Mark">A value worth a dashed line.</param>
public sealed record ReportChart(string Title, string About, IReadOnlyList<ReportCurve> Curves, double? Mark = null);

/// <param name="Steps">Optimizer steps over all iterations, ascending.</param>
/// <param name="Values">Null is a gap.</param>
public sealed record ReportCurve(string Name, IReadOnlyList<long> Steps, IReadOnlyList<double?> Values);
