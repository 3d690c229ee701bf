using SpinStudio.Engine;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>Starting points that the form offers.</summary>
public sealed record Preset(string Slug, string Name, string About, RunConfig Config)
{
    private static readonly RunConfig Defaults = new() { Model = "-", Dataset = "-" };

    /// <summary>For the bundled model the settings that were tried on it; for others the defaults, and a small run to see that all works.</summary>
    /// <param name="samples">Folder of the bundled sample.</param>
    /// <param name="bundled">Whether the chosen model is the bundled one.</param>
    public static IReadOnlyList<Preset> For(string samples, bool bundled) =>
    [
        new("quick", "Quick check", "Minutes: a small run that shows whether everything works.", (bundled ? Bundled(samples, "quick.json") : null) ?? Quick),
        new("standard", "Standard", bundled ? "The settings that were tried on the bundled model." : "Sane defaults: sampling at temperature 1, clipping at 1.", Standard(samples, bundled)),
        new("paper", "Paper", "The published settings, made for a model of 7 billion parameters.", RunPresets.Paper(Defaults)),
        new("careful", "Careful", "Half the step size, and four answers to more held-out prompts: a decline shows before it is large.", Careful(Standard(samples, bundled))),
    ];

    private static RunConfig Standard(string samples, bool bundled) => (bundled ? Bundled(samples, "default.json") : null) ?? Defaults;

    private static RunConfig Careful(RunConfig config) => config with
    {
        LearningRate = [.. config.LearningRate.Select(rate => rate / 2)],
        Evaluation = new EvaluationConfig { Examples = Math.Max(500, config.Evaluation.Examples), SamplesPerPrompt = 4 },
        CheckpointEvery = Math.Min(config.CheckpointEvery, 25),
    };

    private static RunConfig Quick => Defaults with
    {
        Iterations = 2,
        MaxExamples = 128,
        Epochs = 1,
        ScheduleEpochs = 1,
        BatchSize = 16,
        Generation = Defaults.Generation with { MaxNewTokens = 64 },
        Evaluation = Defaults.Evaluation with { Examples = 50 },
    };

    private static RunConfig? Bundled(string samples, string file)
    {
        var path = Path.Combine(samples, file);
        try
        {
            return File.Exists(path) ? RunConfigFile.Load(path) : null;
        }
        catch (BadInputException)
        {
            // A sample config that somebody edited into something unusable: the general preset serves instead.
            return null;
        }
    }
}
