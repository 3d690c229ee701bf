using System.Text.Json;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>Judges an iteration that has ended by what the run folder holds, so that a resumed run comes to the same judgement.</summary>
public static class EarlyStop
{
    /// <summary>Whether another iteration is worth its time.</summary>
    public static StopAdvice Judge(RunFolder folder, RunConfig config, int iteration)
    {
        var report = File.Exists(folder.Evaluation(iteration)) ? AtomicFile.ReadJson<EvaluationReport>(folder.Evaluation(iteration)) : null;
        var losses = Losses(folder, config, iteration);
        return StopAdvice.Of(
        [
            new EndedIteration(
                iteration, losses.Count == 0 ? null : Intervals.Mean(losses), config.Loss.AtStart(), report?.RewardAccuracy,
                report is null ? null : Compare(AnswerGeneration.Read(folder.HeldOutSamples(iteration - 1)), AnswerGeneration.Read(folder.HeldOutSamples(iteration)))) { NllChange = report?.NllChange },
        ]);
    }

    /// <summary>The loss of the margins over the last steps of an iteration. Its first step, where all is equal by construction, does not count.</summary>
    private static List<double> Losses(RunFolder folder, RunConfig config, int iteration)
    {
        var steps = new List<MetricsEvent>();
        using var reader = new StreamReader(new FileStream(folder.Journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            if (line.Contains("\"kind\":\"metrics\"", StringComparison.Ordinal) && JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line) is MetricsEvent { Step: > 0 } step && step.Iteration == iteration)
                steps.Add(step);
        }
        var last = steps.Count == 0 ? 0 : steps[^1].Step;
        return
        [
            .. steps.Where(step => step.Step > last - EndedIteration.LastSteps(last))
                .Select(step => MetricNames.MarginLoss(step.Values.GetValueOrDefault(MetricNames.Loss), step.Values.GetValueOrDefault(MetricNames.Nll), config.SftWeight)).OfType<double>(),
        ];
    }

    /// <summary>Held-out answers that carry an exact check, of two models to the same prompts.</summary>
    /// <returns>Null when there are none.</returns>
    private static PairedTest? Compare(IEnumerable<Pair> earlier, IEnumerable<Pair> later)
    {
        var before = earlier.Where(answer => answer.Exact is not null).ToDictionary(answer => (answer.Index, answer.Sample), answer => answer.Exact!.Value);
        var both = later.Where(answer => answer.Exact is not null && before.ContainsKey((answer.Index, answer.Sample)))
            .Select(answer => (before[(answer.Index, answer.Sample)], answer.Exact!.Value)).ToList();
        return both.Count == 0 ? null : PairedTest.Of(both);
    }
}
