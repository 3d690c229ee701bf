using System.Text.Json;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Output;

/// <summary>Held-out figures, one row a model: the starting model, then every iteration's. Brackets hold 95 % intervals.</summary>
internal static class EvaluationTable
{
    public static string Render(IReadOnlyList<EvaluationReport> reports) => TextTable.Render(
        ["model", "exact", "nats/token", "reward accuracy", "margin", "length", "cut"],
        reports.Select(report => (string[])
        [
            Figures.Model(report.Iteration), Figures.Share(report.Exact), Figures.Mean(report.Nll), Figures.Share(report.RewardAccuracy),
            Figures.Mean(report.RewardMargin), Figures.Number(Math.Round(report.MeanLength, 1)), Figures.Share(report.TruncatedShare),
        ]));

    /// <summary>The evaluations that a run folder holds so far, starting model first.</summary>
    public static IReadOnlyList<EvaluationReport> Read(RunFolder folder)
    {
        var reports = new List<EvaluationReport>();
        for (var iteration = -1; iteration < 0 || Directory.Exists(folder.Iteration(iteration)); iteration++)
        {
            if (File.Exists(folder.Evaluation(iteration)))
                reports.Add(JsonSerializer.Deserialize<EvaluationReport>(File.ReadAllText(folder.Evaluation(iteration)), RunJson.Pretty)!);
        }

        return reports;
    }
}
