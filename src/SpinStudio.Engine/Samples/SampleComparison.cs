using System.Globalization;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Samples;

/// <summary>
/// Self-play beside supervised fine-tuning continued on the same curated examples, from the same starting model: once for as many optimizer steps as self-play
/// took, once for as many tokens. Each with its own settings, all measured on the same held-out prompts.
/// </summary>
/// <param name="Spin">The self-play run, as in <c>samples/default.json</c>.</param>
/// <param name="Sft">Settings of continued SFT; its epochs are set to match.</param>
public sealed record SampleComparison(RunConfig Spin, RunConfig Sft)
{
    /// <summary>One line of the table.</summary>
    /// <param name="Steps">Optimizer steps from the starting model on, mean over the seeds.</param>
    /// <param name="Tokens">Tokens trained on, mean over the seeds.</param>
    /// <param name="Exact">Exact rate of answers sampled at temperature 1, all seeds together.</param>
    public sealed record Row(string Method, long Steps, long Tokens, Estimate Exact, IReadOnlyDictionary<string, Estimate> ByKind);

    /// <summary>Runs what is not finished in <paramref name="folder"/> and reports it.</summary>
    /// <param name="told">Called with the name of each run and its events.</param>
    /// <returns>Start, one row an iteration of self-play, SFT for as many steps, SFT for as many tokens; null when stopped or failed on the way.</returns>
    public IReadOnlyList<Row>? Play(string folder, IReadOnlyList<int> seeds, Action<string, JournalEvent>? told = null, CancellationToken stop = default)
    {
        List<Figures> figures = [];
        foreach (int seed in seeds)
        {
            if (PlayOne(folder, $"spin-{seed}", Spin with { Seed = seed }, told, stop) is not { } spin)
            {
                return null;
            }
            figures.AddRange(Iterations(spin).Select(pair => pair with { Seed = seed }));
            Figures last = figures[^1];
            foreach ((string method, string name, double epochs) in Matches(spin, last))
            {
                RunConfig config = Sft with { Seed = seed, Epochs = epochs, ScheduleEpochs = epochs };
                if (PlayOne(folder, $"{name}-{seed}", config, told, stop) is not { } sft)
                {
                    return null;
                }
                figures.Add(Iterations(sft)[^1] with { Method = method, Seed = seed });
            }
        }
        return [.. figures.GroupBy(figure => figure.Method).Select(Pool)];
    }

    /// <summary>The rows as a Markdown table.</summary>
    public static string Table(IReadOnlyList<Row> rows)
    {
        string[] kinds = [.. rows.SelectMany(row => row.ByKind.Keys).Distinct().Order()];
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"| method | steps | tokens | exact, sampled at T = 1 | {string.Join(" | ", kinds)} |");
        table.AppendLine(CultureInfo.InvariantCulture, $"|---|---|---|---|{string.Concat(Enumerable.Repeat("---|", kinds.Length))}");
        foreach (Row row in rows)
        {
            string byKind = string.Join(" | ", kinds.Select(kind => row.ByKind.TryGetValue(kind, out Estimate? one) ? one.Mean.ToString("F3", CultureInfo.InvariantCulture) : ""));
            table.AppendLine(CultureInfo.InvariantCulture, $"| {row.Method} | {row.Steps} | {row.Tokens} | {row.Exact.Mean:F3} [{row.Exact.Low:F3}, {row.Exact.High:F3}] | {byKind} |");
        }
        return table.ToString();
    }

    private sealed record Figures(string Method, int Seed, long Steps, long Tokens, EvaluationReport Report);

    /// <summary>A finished run in the folder, or one that is run now; null when it did not finish.</summary>
    private static RunFolder? PlayOne(string folder, string name, RunConfig config, Action<string, JournalEvent>? told, CancellationToken stop)
    {
        var run = new RunFolder(Path.Combine(folder, name));
        bool finished = File.Exists(run.Journal) && Events(run).Any(e => e is FinishedEvent);
        return finished || EngineRun.Play(config, run, resume: File.Exists(run.Journal), e => told?.Invoke(name, e), stop) == RunOutcome.Finished ? run : null;
    }

    /// <summary>Every evaluation of a run, with the steps and tokens that led to it.</summary>
    private static List<Figures> Iterations(RunFolder run)
    {
        List<Figures> figures = [];
        (long steps, long tokens) = (0, 0);
        foreach (JournalEvent told in Events(run))
        {
            if (told is MetricsEvent metrics)
            {
                (steps, tokens) = (metrics.GlobalStep + 1, metrics.Tokens);
            }
            else if (told is EvaluationEvent evaluation)
            {
                int iteration = evaluation.Report.Iteration;
                figures.Add(new Figures(iteration < 0 ? "starting model" : $"SPIN, iteration {iteration}", 0, steps, tokens, evaluation.Report));
            }
        }
        return figures;
    }

    /// <summary>Epochs of SFT on the same examples that take as many steps, or as many tokens, as self-play did.</summary>
    private IEnumerable<(string Method, string Name, double Epochs)> Matches(RunFolder spin, Figures last)
    {
        int examples = File.ReadLines(spin.TrainExamples).Count();
        double stepsPerEpoch = Math.Ceiling(examples / (double)Sft.BatchSize);
        yield return ("continued SFT, as many steps", "sft-steps", Epochs(last.Steps));
        yield return ("continued SFT, as many tokens", "sft-tokens", Epochs(Math.Round(last.Tokens * stepsPerEpoch / TokensPerEpoch(spin))));

        // The engine rounds the steps up; half a step less keeps a rounding error from adding one.
        double Epochs(double steps) => (steps - 0.5) / stepsPerEpoch;
    }

    /// <summary>Prompt and answer tokens of the curated set.</summary>
    private static long TokensPerEpoch(RunFolder spin)
    {
        var encoder = ConversationEncoder.Load(spin.StartModel, int.MaxValue, int.MaxValue);
        return DatasetReader.Read(spin.TrainExamples).Select(encoder.Encode).Sum(encoded => (long)encoded.Prompt.Length + encoded.Answer.Length);
    }

    private static IEnumerable<JournalEvent> Events(RunFolder run) =>
        File.ReadLines(run.Journal).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!);

    private static Row Pool(IGrouping<string, Figures> seeds) => new(
        seeds.Key,
        (long)seeds.Average(figure => figure.Steps),
        (long)seeds.Average(figure => figure.Tokens),
        Together(seeds.Select(figure => figure.Report.Exact!)),
        seeds.SelectMany(figure => figure.Report.ExactByKind).GroupBy(one => one.Key).ToDictionary(kind => kind.Key, kind => Together(kind.Select(one => one.Value))));

    /// <summary>One rate over the answers of all seeds.</summary>
    private static Estimate Together(IEnumerable<Estimate> rates)
    {
        Estimate[] all = [.. rates];
        return Intervals.Rate(all.Sum(rate => (int)Math.Round(rate.Mean * rate.Count)), all.Sum(rate => rate.Count));
    }
}
