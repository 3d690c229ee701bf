using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <summary>Work of one kind of phase over the whole run.</summary>
/// <param name="Phase">generate, score, train, save or evaluate.</param>
/// <param name="Units">Prompts, pairs, steps or models.</param>
/// <param name="Tokens">Generated, or passed through the model.</param>
internal sealed record PhaseWork(string Phase, long Units, double Tokens);

/// <summary>How much a run has to do, in examples, answers, steps and tokens.</summary>
/// <param name="Answers">That opponents and finished models write.</param>
internal sealed record RunWork(int Train, int HeldOut, IReadOnlyList<int> Steps, long Answers, IReadOnlyList<PhaseWork> Phases)
{
    /// <summary>Tokens of a prompt and of an answer while no tokenizer has counted them.</summary>
    private const double GuessedPrompt = 100, GuessedAnswer = 150;

    private const int MostIterations = 1000;

    public double Tokens => Phases.Sum(phase => phase.Tokens);

    /// <param name="tokens">Lengths of the dataset under the model's tokenizer; null when they could not be counted.</param>
    public static RunWork Of(RunConfig config, DatasetVersion version, TokenStatistics? tokens)
    {
        var (train, heldOut) = Split(config, version);
        var iterations = Math.Clamp(config.PlannedIterations(), 1, MostIterations);
        var steps = StepsOf(config, train, iterations);
        var prompt = Math.Min(tokens?.Prompt.Mean ?? GuessedPrompt, config.MaxPromptLength);
        var real = Math.Min(tokens?.Answer.Mean ?? GuessedAnswer, config.MaxLength);
        // An opponent that was taught by such data answers about as long as the people did.
        var generated = Math.Min(real, config.Generation.MaxNewTokens);

        var measured = (long)heldOut * Math.Max(1, config.Evaluation.SamplesPerPrompt) * (iterations + 1);
        var pairs = Enumerable.Range(0, iterations).Sum(t => Pairs(config, train, t));
        var written = config.Kind == RunKind.Spin ? (long)train * iterations : 0;
        var paired = config.Kind != RunKind.Sft;
        // A rejected answer is taken to be as long as a chosen one.
        var length = prompt + real + (config.Kind switch { RunKind.Spin => generated, RunKind.Dpo => real, _ => 0 });
        List<PhaseWork> phases =
        [
            new("evaluate", measured, measured * generated),
            new("generate", written, written * generated),
            new("score", paired ? pairs : 0, paired ? pairs * length : 0),
            new("train", steps.Sum(step => (long)step), pairs * length * Math.Max(0, config.Epochs)),
            new("save", iterations, 0),
        ];
        return new RunWork(train, heldOut, steps, written + measured, [.. phases.Where(phase => phase.Units > 0)]);
    }

    private static long Pairs(RunConfig config, int train, int iteration) => config.Kind != RunKind.Spin ? train : (long)train * Math.Min(iteration + 1, Math.Max(config.Window, 1));

    /// <summary>As the engine splits: held-out examples first, then the limit on what is trained on.</summary>
    private static (int Train, int HeldOut) Split(RunConfig config, DatasetVersion version)
    {
        var ownHeldOut = version.HeldOutFile is not null;
        var heldOut = ownHeldOut ? version.HeldOutRows : (int)Math.Round(version.Rows * Math.Clamp(config.HeldOutFraction, 0, 1));
        var train = ownHeldOut ? version.Rows : version.Rows - heldOut;
        return (config.MaxExamples > 0 ? Math.Min(config.MaxExamples, train) : train, Math.Min(heldOut, Math.Max(config.Evaluation.Examples, 0)));
    }

    /// <summary>Optimizer steps of each iteration, counted as the trainer does: micro-batches of the window's pairs, gathered to batches, over the epochs trained.</summary>
    private static int[] StepsOf(RunConfig config, int train, int iterations)
    {
        if (config.BatchSize < 1 || config.MicroBatchSize < 1 || !(config.Epochs is > 0 and <= 1000))
        {
            return [];
        }

        var gathered = Math.Max(1, config.BatchSize / config.MicroBatchSize);
        return [.. Enumerable.Range(0, iterations).Select(iteration =>
        {
            var microBatches = Math.Ceiling(Pairs(config, train, iteration) / (double)config.MicroBatchSize);
            return (int)Math.Min(int.MaxValue, Math.Ceiling(config.Epochs * Math.Ceiling(microBatches / gathered)));
        })];
    }
}
