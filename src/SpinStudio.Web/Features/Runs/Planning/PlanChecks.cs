using System.Globalization;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;
using SpinStudio.Web.Features.Teams;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <param name="Busy">Every slot is taken.</param>
/// <param name="Holder">A run of the own team that holds one; those of other teams are not named.</param>
/// <param name="Waiting">Runs before a new one.</param>
/// <param name="FreeAt">When the next slot is expected to be free.</param>
/// <param name="QueuePausedBy">Null while the team's queue is open.</param>
internal sealed record DeviceState(bool Busy, string? Holder, int Waiting, DateTimeOffset? FreeAt, string? QueuePausedBy);

/// <summary>What speaks against a run: an error refuses it, a warning can be overridden, a notice is good to know.</summary>
internal sealed record PlanChecks(RunConfig Config, Model Model, RunWork Work)
{
    /// <summary>Fewer examples than this are learned by heart.</summary>
    private const int FewExamples = 50;

    /// <summary>The paper's learning rate is meant for models of some billions of parameters.</summary>
    private const double LargeModelRate = 2e-6;

    private const long LargeModel = 500_000_000;

    public required TemplateFit Fit { get; init; }

    public required DatasetStatistics? Repeats { get; init; }

    /// <summary>Rows without a rejected answer, as far as was looked.</summary>
    public required int WithoutRejected { get; init; }

    public required long DiskBytes { get; init; }

    public required long FreeDiskBytes { get; init; }

    /// <summary>Of the team's disk quota; null without one.</summary>
    public long? QuotaLeftBytes { get; init; }

    public required long MemoryBytes { get; init; }

    public required long FreeMemoryBytes { get; init; }

    public required long MemoryTotalBytes { get; init; }

    public required DeviceState Device { get; init; }

    /// <summary>The team has a model server at the address that the run names.</summary>
    public bool EndpointKnown { get; init; }

    public IReadOnlyList<PreflightFinding> Findings() => [.. Settings(), .. Examples(), .. Template(), .. Lengths(), .. Repetition(), .. Disk(), .. Memory(), .. Queue()];

    private IEnumerable<PreflightFinding> Settings()
    {
        // Model and dataset are chosen by id; their paths are filled in later.
        foreach (var problem in RunConfigFile.Validate(Config with { Model = "chosen", Dataset = "chosen" }))
        {
            yield return new(Severity.Error, problem.Key, problem.Message);
        }

        if (Config.Generation.Endpoint is { } endpoint && !EndpointKnown)
        {
            yield return new(Severity.Error, "generation.endpoint", $"{endpoint} is none of the team's model servers; choose one of them, leave it out, or ask an Admin to add it under Settings.");
        }

        if (Config.Generation.EndpointKeyEnv is not null)
        {
            yield return new(Severity.Error, "generation.endpoint_key_env", "generation.endpoint_key_env is for runs from the command line: in the studio a server's key is kept with the server. Leave it out.");
        }

        if (Work.Train > 0 && Work.Train < Config.BatchSize)
        {
            yield return new(Severity.Warning, "batch_size", $"batch_size {Config.BatchSize} is more than the {Work.Train} training examples: an epoch is one step.");
        }

        if (Config.Evaluation.Examples == 0)
        {
            yield return new(Severity.Notice, "evaluation.examples", "Nothing is evaluated on held-out examples, so improvement cannot be measured.");
        }

        if (Model.Parameters is > 0 and < LargeModel && Config.LearningRate.Count > 0 && Config.LearningRate.Max() is > 0 and < LargeModelRate)
        {
            yield return new(Severity.Notice, "learning_rate",
                $"learning_rate {Format.Number(Config.LearningRate.Max())} suits models of billions of parameters; one of {Format.Count(Model.Parameters)} hardly moves. Typical here: 1e-5 to 4e-4.");
        }
    }

    private IEnumerable<PreflightFinding> Examples()
    {
        if (Config.Kind == RunKind.Dpo && WithoutRejected > 0)
        {
            yield return new(Severity.Error, "kind",
                $"Preference tuning needs a rejected answer in every row; {Format.Count(WithoutRejected)} have none that differs from the chosen one. Import a file with chosen and rejected answers, or choose self-play, which needs none.");
        }

        if (Work.Train == 0)
        {
            yield return new(Severity.Error, "max_examples", "No example is left to train on; lower held_out_fraction or choose a larger dataset.");
        }
        else if (Work.Train < FewExamples)
        {
            yield return new(Severity.Warning, "dataset", $"Only {Work.Train} training examples: the model will learn them by heart. Some hundreds are a start.");
        }
    }

    private IEnumerable<PreflightFinding> Template()
    {
        if (Fit.Refusal is { } refusal)
        {
            yield return new(Severity.Error, "model", refusal);
        }
        else if (Fit.Example is { } example && !example.Answer.EndsWith(example.StopToken, StringComparison.Ordinal))
        {
            yield return new(Severity.Error, "model", $"The stop token {example.StopToken} lies outside what is trained on, so the model would not learn to end its answers; choose a model with another chat template.");
        }
    }

    /// <summary>Shares of rows that are cut, by the chosen model's tokenizer.</summary>
    private IEnumerable<PreflightFinding> Lengths() => Fit.Tokens is { } tokens
        ? DatasetFindings.Of(tokens, new LengthLimits(Config.MaxPromptLength, Config.MaxLength, Config.Generation.MaxNewTokens))
            .Select(finding => new PreflightFinding(finding.Warning ? Severity.Warning : Severity.Notice, "max_length", finding.Message))
        : [];

    private IEnumerable<PreflightFinding> Repetition() => Repeats is { } repeats
        ? DatasetFindings.Of(repeats).Select(finding => new PreflightFinding(finding.Warning ? Severity.Warning : Severity.Notice, "dataset", finding.Message))
        : [];

    private IEnumerable<PreflightFinding> Disk()
    {
        if (QuotaLeftBytes is { } left && DiskBytes > left)
        {
            yield return new(Severity.Error, null, Quotas.Beyond("The run", DiskBytes, left));
        }

        if (DiskBytes > FreeDiskBytes)
        {
            yield return new(Severity.Error, null, $"The run needs about {Format.Bytes(DiskBytes)} of disk, {Format.Bytes(FreeDiskBytes)} are free; delete old runs or plan fewer iterations.");
        }
        else if (DiskBytes > FreeDiskBytes / 2)
        {
            yield return new(Severity.Warning, null, $"The run needs about {Format.Bytes(DiskBytes)} of the {Format.Bytes(FreeDiskBytes)} that are free.");
        }
    }

    private IEnumerable<PreflightFinding> Memory()
    {
        if (MemoryBytes > MemoryTotalBytes)
        {
            yield return new(Severity.Error, "micro_batch_size",
                $"The run needs about {Format.Bytes(MemoryBytes)} of memory, this machine has {Format.Bytes(MemoryTotalBytes)}; lower micro_batch_size, generation.batch_size or max_length, switch gradient_checkpointing on, train adapters (lora.rank), or choose a smaller model.");
        }
        else if (MemoryBytes > FreeMemoryBytes * 0.9)
        {
            yield return new(Severity.Warning, "micro_batch_size", $"The run needs about {Format.Bytes(MemoryBytes)} of memory, {Format.Bytes(FreeMemoryBytes)} are free now; it may be killed. Lower micro_batch_size or generation.batch_size.");
        }
    }

    private IEnumerable<PreflightFinding> Queue()
    {
        if (Device.QueuePausedBy is { } who)
        {
            yield return new(Severity.Warning, null, $"The queue is paused by {who}: the run will wait until it is opened again.");
        }
        else if (Device.Busy)
        {
            var holder = Device.Holder is { } name ? $"“{name}”" : "another run";
            var until = Device.FreeAt is { } at ? $", for about {Format.Duration(at - DateTimeOffset.UtcNow)} more" : "";
            var others = Device.Waiting > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {Device.Waiting} {(Device.Waiting == 1 ? "run waits" : "runs wait")} before this one") : "";
            yield return new(Severity.Notice, null, $"The device is busy with {holder}{until}{others}. This run starts by itself after that.");
        }
    }
}
