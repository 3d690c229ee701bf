using System.CommandLine;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary>How a model answers, on the command line: the same settings, limits and defaults as in a run config.</summary>
internal sealed class DecodingOptions
{
    private static readonly GenerationConfig Defaults = new();

    private readonly Option<double> _temperature = new("--temperature") { Description = "0 = greedy.", HelpName = "T", DefaultValueFactory = _ => Defaults.Temperature };
    private readonly Option<double> _topP = new("--top-p") { Description = "Smallest set of tokens whose probability reaches P; 1 = off.", HelpName = "P", DefaultValueFactory = _ => Defaults.TopP };
    private readonly Option<int> _topK = new("--top-k") { Description = "Only the K likeliest tokens; 0 = off.", HelpName = "K", DefaultValueFactory = _ => Defaults.TopK };
    private readonly Option<int> _maxNewTokens = new("--max-new-tokens") { Description = "Longest answer.", HelpName = "N", DefaultValueFactory = _ => Defaults.MaxNewTokens };
    private readonly Option<int> _batchSize = new("--batch-size") { Description = "Answers decoded together.", HelpName = "N", DefaultValueFactory = _ => Defaults.BatchSize };
    private readonly Option<int> _seed = new("--seed") { Description = "The same seed draws the same answers.", HelpName = "N", DefaultValueFactory = _ => 42 };
    private readonly Option<Precision> _dtype = new("--dtype") { Description = "bf16 or fp32.", HelpName = "TYPE", DefaultValueFactory = _ => Precision.Bf16 };
    private readonly Option<int> _threads = new("--threads") { Description = "0 = all cores.", HelpName = "N", DefaultValueFactory = _ => 0 };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_temperature, _topP, _topK, _maxNewTokens, _batchSize, _seed, _dtype, _threads])
            command.Add(option);
    }

    /// <summary>The settings as a run config would hold them.</summary>
    /// <exception cref="BadInputException">One is out of its range.</exception>
    public RunConfig Read(ParseResult parsed, string model, string dataset)
    {
        var config = new RunConfig
        {
            Model = model,
            Dataset = dataset,
            Seed = parsed.GetValue(_seed),
            Dtype = parsed.GetValue(_dtype),
            Threads = parsed.GetValue(_threads),
            Generation = new GenerationConfig
            {
                Temperature = parsed.GetValue(_temperature),
                TopP = parsed.GetValue(_topP),
                TopK = parsed.GetValue(_topK),
                MaxNewTokens = parsed.GetValue(_maxNewTokens),
                BatchSize = parsed.GetValue(_batchSize),
            },
        };
        return RunConfigFile.Validate(config).FirstOrDefault(problem => problem.Key.StartsWith("generation.", StringComparison.Ordinal) || problem.Key == "threads") is { } problem
            ? throw new BadInputException(problem.Message)
            : config;
    }
}
