using System.Globalization;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Runs;

/// <summary>The limits of every setting of a run, in one place.</summary>
internal static class RunConfigRules
{
    private const int MostIterations = 1000;
    private const int LongestSequence = 1 << 20;
    private const int LongestName = 200;
    private const int MostRanks = 1024;
    private const int LongestAddress = 2048;
    private const string KeyPrefix = "SPINSTUDIO_KEY_";

    public static IReadOnlyList<ConfigProblem> Check(RunConfig config) => Applied(config).Problems;

    /// <summary>Limit and typical values of each setting that has a fixed range, by key.</summary>
    public static IReadOnlyDictionary<string, (string Limit, string Typical)> Limits => Applied(new RunConfig { Model = "-", Dataset = "-" }).Limits;

    private static Checker Applied(RunConfig config)
    {
        var check = new Checker();

        check.That("name", config.Name.Length is > 0 and <= LongestName && !config.Name.Any(char.IsControl),
            $"must be one line of 1 to {LongestName} characters", Quote(config.Name));
        check.That("model", !string.IsNullOrWhiteSpace(config.Model), "must name a model folder", Quote(config.Model));
        check.That("dataset", !string.IsNullOrWhiteSpace(config.Dataset), "must name a JSON Lines file", Quote(config.Dataset));

        check.That("chat_template", config.ChatTemplate is null || BuiltInTemplates.Names.Contains(config.ChatTemplate),
            $"must be one of {string.Join(", ", BuiltInTemplates.Names)}", Quote(config.ChatTemplate));

        check.Real("held_out_fraction", config.HeldOutFraction, x => x is >= 0 and < 1, ">= 0 and < 1", "0.02 … 0.2");
        check.Whole("max_examples", config.MaxExamples, 0, int.MaxValue, "0 (all)");
        check.Whole("iterations", config.Iterations, 1, MostIterations, "2 … 5");
        check.That("device", IsDevice(config.Device), "must be auto, cpu, cuda or cuda:N with N from 0 to 63", Quote(config.Device));
        check.Whole("threads", config.Threads, 0, 1024, "0 (all cores)");
        check.Whole("ranks", config.Ranks, 1, MostRanks, "1; one per processor socket or device");
        check.That("ranks", config.Ranks <= MostRanksFor(config), RanksLimit(config), Text(config.Ranks));
        check.Real("label_smoothing", config.LabelSmoothing, x => x is >= 0 and < 0.5, ">= 0 and < 0.5", "0 … 0.1");
        check.Real("sft_weight", config.SftWeight, x => x is >= 0 and <= 1000, ">= 0 and <= 1000", "0 … 1");
        check.Reals("beta", config.Beta, x => x is > 0 and <= 1000, "> 0 and <= 1000", "0.1 … 5");
        check.Reals("learning_rate", config.LearningRate, x => x is > 0 and < 1, "> 0 and < 1", "1e-6 … 1e-3; large models 1e-7 … 1e-6");
        check.Real("weight_decay", config.WeightDecay, x => x is >= 0 and < 1, ">= 0 and < 1", "0 … 0.1");
        check.Real("warmup_ratio", config.WarmupRatio, x => x is >= 0 and <= 1, ">= 0 and <= 1", "0 … 0.1");
        check.Real("schedule_epochs", config.ScheduleEpochs, x => x is > 0 and <= 1000, "> 0 and <= 1000", "1 … 6");
        check.Real("epochs", config.Epochs, x => x is > 0 and <= 1000, "> 0 and <= 1000", "1 … 3");
        check.That("epochs", !(config.Epochs > config.ScheduleEpochs),
            $"must be at most schedule_epochs = {Text(config.ScheduleEpochs)}, where the learning rate reaches 0", Text(config.Epochs));
        check.Whole("batch_size", config.BatchSize, 1, 1 << 16, "16 … 128");
        check.Whole("micro_batch_size", config.MicroBatchSize, 1, 1 << 16, "1 … 16");
        check.That("micro_batch_size", config.MicroBatchSize <= config.BatchSize,
            $"must be at most batch_size = {config.BatchSize}", Text(config.MicroBatchSize));
        check.Real("max_grad_norm", config.MaxGradNorm, x => x is >= 0 and <= 1e6, ">= 0 and <= 1e6", "1; 0 = no clipping");
        check.Whole("window", config.Window, 1, MostIterations, "1 or 2");
        check.Whole("max_length", config.MaxLength, 2, LongestSequence, "256 … 4096");
        check.Whole("max_prompt_length", config.MaxPromptLength, 1, LongestSequence, "half of max_length");
        check.That("max_prompt_length", config.MaxPromptLength < config.MaxLength,
            $"must be less than max_length = {config.MaxLength}, so that an answer has room", Text(config.MaxPromptLength));
        check.Whole("checkpoint_every", config.CheckpointEvery, 1, int.MaxValue, "20 … 500");

        var lora = config.Lora;
        check.Whole("lora.rank", lora.Rank, 0, 4096, "8 … 64; 0 = full fine-tuning");
        check.Real("lora.alpha", lora.Alpha, x => x is > 0 and <= 1e6, "> 0 and <= 1e6", "the rank, or twice the rank");
        check.Real("lora.dropout", lora.Dropout, x => x is >= 0 and < 1, ">= 0 and < 1", "0 … 0.1");
        check.That("lora.targets", lora.Targets.Count > 0 && lora.Targets.Distinct().Count() == lora.Targets.Count && lora.Targets.All(LoraConfig.AllTargets.Contains),
            $"must name one or more of {string.Join(", ", LoraConfig.AllTargets)}, each once", Quote(string.Join(", ", lora.Targets)));

        var generation = config.Generation;
        check.Real("generation.temperature", generation.Temperature, x => x is >= 0 and <= 100, ">= 0 and <= 100", "1; 0 = greedy");
        check.Real("generation.top_p", generation.TopP, x => x is > 0 and <= 1, "> 0 and <= 1", "0.9 … 1");
        check.Whole("generation.top_k", generation.TopK, 0, int.MaxValue, "0 (off)");
        check.Whole("generation.max_new_tokens", generation.MaxNewTokens, 1, LongestSequence, "64 … 1024");
        check.Whole("generation.batch_size", generation.BatchSize, 1, 1 << 16, "16 … 128");
        var endpoint = generation.Endpoint is { Length: <= LongestAddress } address && Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri : null;
        check.That("generation.endpoint", generation.Endpoint is null || endpoint is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" },
            "must be the base address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1", Quote(generation.Endpoint));
        check.That("generation.endpoint_model", generation.EndpointModel.Length is > 0 and <= LongestAddress && !generation.EndpointModel.Any(char.IsControl),
            $"must be one line of 1 to {LongestAddress} characters", Quote(generation.EndpointModel));
        check.That("generation.endpoint_key_env", generation.EndpointKeyEnv is null || IsKeyVariable(generation.EndpointKeyEnv),
            $"must name an environment variable that begins with {KeyPrefix} and goes on in capitals, digits and _, so that no other secret can be sent", Quote(generation.EndpointKeyEnv));
        check.That("generation.endpoint_key_env", generation.EndpointKeyEnv is null || endpoint is null || endpoint.Scheme == "https" || endpoint.IsLoopback,
            "goes over https or to this machine only; use an https endpoint", Quote(generation.Endpoint));

        check.That("early_stop", config.EarlyStop != EarlyStopMode.Gate || config.Evaluation.Examples >= StopAdvice.Fewest,
            $"needs evaluation.examples of at least {StopAdvice.Fewest} to decide by (now {config.Evaluation.Examples}); raise it, or use \"advise\"", "\"gate\"");
        check.Whole("evaluation.examples", config.Evaluation.Examples, 0, int.MaxValue, "100 … 1000; 0 = no evaluation");
        check.Whole("evaluation.samples_per_prompt", config.Evaluation.SamplesPerPrompt, 1, 1000, "1 … 8");
        return check;
    }

    /// <summary>Each rank takes at least one micro-batch of a step.</summary>
    public static int MostRanksFor(RunConfig config) => Math.Max(1, config.BatchSize / Math.Max(1, config.MicroBatchSize));

    public static string RanksLimit(RunConfig config) =>
        $"must be at most batch_size / micro_batch_size = {MostRanksFor(config)}, so that each has work in every step: raise batch_size {config.BatchSize} or lower micro_batch_size {config.MicroBatchSize}";

    private static bool IsDevice(string name) => name is "auto" or "cpu" or "cuda" || (name.StartsWith("cuda:", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < 64 && name.Length <= 7);

    private static bool IsKeyVariable(string name) =>
        name.Length is > 15 and <= 200 && name.StartsWith(KeyPrefix, StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_');

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string? value) => value is null ? "nothing" : $"\"{(value.Length > 60 ? value[..60] + "…" : value).ReplaceLineEndings(" ")}\"";

    private sealed class Checker
    {
        public List<ConfigProblem> Problems { get; } = [];

        public Dictionary<string, (string Limit, string Typical)> Limits { get; } = [];

        public void That(string key, bool holds, string limit, string got)
        {
            if (limit.StartsWith("must be one of", StringComparison.Ordinal) || limit.StartsWith("must name one", StringComparison.Ordinal))
                Limits.TryAdd(key, (Plain(limit), ""));
            if (!holds && Problems.All(problem => problem.Key != key))
                Problems.Add(new ConfigProblem(key, $"{key} {limit} (got {got})"));
        }

        public void Whole(string key, int value, int least, int most, string typical)
        {
            var limit = most == int.MaxValue ? $"must be >= {least}" : $"must be from {least} to {most}";
            Ranged(key, key, value >= least && value <= most, limit, Text(value), typical);
        }

        public void Real(string key, double value, Func<double, bool> allowed, string limit, string typical) =>
            Ranged(key, key, allowed(value), $"must be {limit}", Text(value), typical);

        public void Reals(string key, IReadOnlyList<double> values, Func<double, bool> allowed, string limit, string typical)
        {
            That(key, values.Count is > 0 and <= MostIterations, $"must hold 1 to {MostIterations} values, one per iteration", Text(values.Count) + " values");
            for (var i = 0; i < values.Count; i++)
                Ranged(key, values.Count == 1 ? key : $"{key}[{i}]", allowed(values[i]), $"must be {limit}", Text(values[i]), typical);
        }

        private static string Plain(string limit) => limit.Replace("must be ", "", StringComparison.Ordinal).Replace("must name ", "", StringComparison.Ordinal);

        private void Ranged(string key, string shown, bool holds, string limit, string got, string typical)
        {
            Limits.TryAdd(key, (Plain(limit), typical));
            if (!holds && Problems.All(problem => problem.Key != key))
                Problems.Add(new ConfigProblem(key, $"{shown} {limit} (got {got}); typical: {typical}"));
        }
    }
}
