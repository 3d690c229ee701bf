using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Comparison;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Samples;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Reports;

/// <summary>Puts a run on one sheet.</summary>
public sealed class RunReports(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, StudioPaths paths, TimeProvider time)
{
    private const int CurvePoints = 300;
    private const int SamplePrompts = 8;

    /// <summary>Settings that are paths: they say where things lie on this machine, not what they are.</summary>
    private static readonly HashSet<string> Paths = ["name", "model", "dataset", "held_out"];

    private static readonly (string Title, string About, string[] Metrics)[] Wanted =
    [
        ("Loss", "How badly human answers are told from the opponent's.", [MetricNames.Loss]),
        ("Rewards", "β times how much likelier the answers have become since the iteration began.", ["rewards/real", "rewards/generated"]),
        ("Margin", "Reward of the human answer minus reward of the opponent's.", [MetricNames.Margin]),
        ("Reward accuracy", "Share of pairs in which the human answer has the larger reward.", ["rewards/accuracies"]),
    ];

    /// <summary>For the team: everything.</summary>
    public async Task<RunReport> MakeAsync(Guid runId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        return await MakeAsync(me.TeamId, runId, ReportScope.Team, cancellation);
    }

    /// <summary>For whoever the caller let in.</summary>
    internal async Task<RunReport> MakeAsync(Guid teamId, Guid runId, ReportScope scope, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var run = await db.Runs.AsNoTracking().Include(row => row.DatasetVersion).FirstOrDefaultAsync(row => row.Id == runId && row.TeamId == teamId, cancellation) ?? throw StudioException.NotFound("run");
        var summary = (await RunView.SummaryAsync(db, runId, cancellation))!;
        var models = await db.Models.Where(model => model.RunId == runId).ToDictionaryAsync(model => model.Iteration ?? 0, model => model.Id, cancellation);
        var phases = await RunView.PhasesAsync(db, runId, cancellation);
        var iterations = await db.Iterations.AsNoTracking().Where(iteration => iteration.RunId == runId).OrderBy(iteration => iteration.Number).ToListAsync(cancellation);
        var evaluations = await db.Evaluations.Where(evaluation => evaluation.RunId == runId).OrderBy(evaluation => evaluation.Iteration).Select(evaluation => evaluation.Report).ToListAsync(cancellation);
        var provenance = new RunFolder(paths.InData(run.Folder)).Provenance;
        return new RunReport(
            scope.Names ? summary : summary with { CreatedBy = null, StoppedBy = null, PausedBy = null, HeldBy = null },
            run.Device,
            [.. ConfigSettings.Flatten(run.Config).Where(setting => !Paths.Contains(setting.Key))],
            [.. iterations.Select(row => RunView.Iteration(row, models, phases))],
            [.. evaluations.Select(report => JsonSerializer.Deserialize<EvaluationReport>(report, RunJson.Line)!)],
            await ChartsAsync(db, run, cancellation),
            scope.Answers ? await SamplesAsync(db, runId, cancellation) : [],
            scope.Inside ? run.Notes : null,
            scope.Inside && File.Exists(provenance) ? AtomicFile.ReadJson<RunProvenance>(provenance) : null,
            scope.Inside ? OnItsOwn(run.Config) : null,
            run.DatasetVersion?.Number, scope.Inside ? run.DatasetVersion?.Sha256 : null,
            scope.Inside && run.Status == RunStatus.Failed ? run.FailureMessage : null,
            scope, time.GetUtcNow());
    }

    /// <summary>The config with what the run folder holds in place of what lay elsewhere on this machine.</summary>
    private static string OnItsOwn(string config)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        (json["model"], json["dataset"], json["held_out"]) = ("start/model", "data/train.jsonl", "data/held-out.jsonl");
        return json.ToJsonString(RunJson.Pretty);
    }

    private static async Task<List<ReportChart>> ChartsAsync(StudioDb db, Run run, CancellationToken cancellation)
    {
        var names = Wanted.SelectMany(chart => chart.Metrics).ToList();
        var points = await db.MetricPoints.Where(point => point.RunId == run.Id && names.Contains(point.Name)).OrderBy(point => point.Name).ThenBy(point => point.GlobalStep)
            .Select(point => new { point.Name, point.GlobalStep, point.Value }).ToListAsync(cancellation);
        var curves = points.GroupBy(point => point.Name).ToDictionary(group => group.Key, group =>
        {
            var all = group.ToList();
            var kept = all.Count <= CurvePoints ? [.. Enumerable.Range(0, all.Count)] : MinMax.Pick([.. all.Select(point => point.Value)], CurvePoints);
            return new ReportCurve(group.Key, [.. kept.Select(i => all[i].GlobalStep)], [.. kept.Select(i => all[i].Value)]);
        });
        var config = RunView.Config(run);
        var supervised = config.Kind == RunKind.Sft;
        SpinLossType? fixedStart = supervised || config.SftWeight > 0 ? null : config.Loss;
        return [.. Wanted.Select(chart => chart.Title != "Loss"
            ? new ReportChart(chart.Title, chart.About, Drawn(chart.Metrics), null)
            : new ReportChart(chart.Title, supervised ? "Negative log-likelihood of the human answers."
                : chart.About + (fixedStart is { } loss ? $" Before the first step of each iteration it is {loss.AtStartText()} (dashed): the model is its own opponent." : ""),
                Drawn(chart.Metrics), fixedStart?.AtStart())).Where(chart => chart.Curves.Count > 0)];

        List<ReportCurve> Drawn(string[] metrics) => [.. metrics.Where(curves.ContainsKey).Select(name => curves[name])];
    }

    /// <summary>The first held-out prompts, each with its answers by the starting and by the newest model.</summary>
    private static async Task<List<PromptAnswers>> SamplesAsync(StudioDb db, Guid runId, CancellationToken cancellation)
    {
        var heldOut = db.Samples.Where(sample => sample.RunId == runId && sample.Split == SampleSplit.HeldOut && sample.Number == 0);
        var newest = await heldOut.MaxAsync(sample => (int?)sample.Iteration, cancellation);
        var prompts = await heldOut.GroupBy(sample => sample.PromptId).Select(group => new { group.Key, First = group.Min(sample => sample.Id) }).OrderBy(prompt => prompt.First).Take(SamplePrompts).Select(prompt => prompt.Key).ToListAsync(cancellation);
        var rows = await heldOut.Where(sample => prompts.Contains(sample.PromptId) && (sample.Iteration == -1 || sample.Iteration == newest)).OrderBy(sample => sample.Iteration).AsNoTracking().ToListAsync(cancellation);
        var byPrompt = rows.ToLookup(sample => sample.PromptId);
        return [.. prompts.Where(byPrompt.Contains).Select(id => byPrompt[id].ToList()).Select(answers => new PromptAnswers(
            answers[0].PromptId, SampleSplit.HeldOut, answers[0].System, answers[0].Prompt, answers[0].Real,
            [.. answers.Select(sample => new Answer(sample.Iteration, sample.Iteration, sample.Number, sample.Generated, sample.FinishReason, sample.Tokens, sample.Exact))]))];
    }
}
