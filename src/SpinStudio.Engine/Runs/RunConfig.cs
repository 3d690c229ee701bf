using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Runs;

/// <summary>What a run is asked to do: the content of <c>run.json</c>. Keys are snake_case; an unknown key is refused.</summary>
/// <remarks>
/// Defaults are the sane column of the SPIN reference (one template, sampling at temperature 1, clipping at 1);
/// <see cref="RunPresets.Paper"/> holds the published settings (Chen et al., arXiv 2401.01335, Appendix B).
/// Lists (<see cref="Beta"/>, <see cref="LearningRate"/>) hold one value per iteration; the last one repeats.
/// </remarks>
public sealed record RunConfig
{
    /// <summary>A name for people. Never used as a path.</summary>
    public string Name { get; init; } = "Untitled run";

    /// <summary><c>spin</c>: self-play. <c>sft</c>: supervised fine-tuning on the same data, one iteration. <c>dpo</c>: one iteration on the dataset's own rejected answers.</summary>
    public RunKind Kind { get; init; } = RunKind.Spin;

    /// <summary>Folder of the starting model (Hugging Face layout), relative to the file that holds this config.</summary>
    public required string Model { get; init; }

    /// <summary>The dataset: canonical JSON Lines, relative to the file that holds this config.</summary>
    public required string Dataset { get; init; }

    /// <summary>Held-out examples in the same form. Empty: <see cref="HeldOutFraction"/> of the dataset is set aside.</summary>
    public string? HeldOut { get; init; }

    /// <summary>Share of the dataset that is set aside for evaluation when <see cref="HeldOut"/> is not given. Deterministic by prompt id.</summary>
    public double HeldOutFraction { get; init; } = 0.05;

    /// <summary>A built-in chat template by name, in place of the model's own. Null: the model's own or, where it has none, the one that suits its tokenizer.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Use only the first N examples of the dataset after a seeded shuffle; 0 = all.</summary>
    public int MaxExamples { get; init; }

    /// <summary>SPIN iterations T. The other kinds have one.</summary>
    public int Iterations { get; init; } = 3;

    public int Seed { get; init; } = 42;

    /// <summary><c>fp32</c>, or <c>bf16</c> compute with fp32 master weights.</summary>
    public Precision Dtype { get; init; } = Precision.Bf16;

    /// <summary><c>auto</c> (a CUDA device if there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Ranks on one machine take the CUDA devices in turn.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads for libtorch; 0 = all cores. Ranks on one machine share them.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Processes on this machine that play the run together, each with the whole model and a share of every batch (data parallel); at most
    /// <see cref="BatchSize"/> / <see cref="MicroBatchSize"/>. A launcher's WORLD_SIZE goes before it.
    /// </summary>
    public int Ranks { get; init; } = 1;

    /// <summary>ℓ in the SPIN objective: <c>sigmoid</c> (logistic), <c>hinge</c>, <c>exponential</c> or <c>correlation</c>.</summary>
    public SpinLossType Loss { get; init; } = SpinLossType.Sigmoid;

    /// <summary>ε: share of pairs that are taken to be the wrong way round, (1 − ε)·ℓ(βm) + ε·ℓ(−βm).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Log-probs of an answer are means over its tokens instead of sums, under the model and under the reference.</summary>
    public bool LengthNormalised { get; init; }

    /// <summary>α: adds α times the negative log-likelihood a token of the human answer to the loss of a pair.</summary>
    public double SftWeight { get; init; }

    /// <summary>λ of the paper, per iteration: scales the log-ratio of summed log-probs.</summary>
    public IReadOnlyList<double> Beta { get; init; } = [0.1];

    /// <summary>Peak learning rate, per iteration.</summary>
    public IReadOnlyList<double> LearningRate { get; init; } = [5e-7];

    /// <summary>Low-rank adapters in place of full fine-tuning.</summary>
    public LoraConfig Lora { get; init; } = new();

    /// <summary>Keep of each layer its input alone and compute the layer again on the way back: less memory, a third more arithmetic, the same gradients.</summary>
    public bool GradientCheckpointing { get; init; }

    public OptimizerKind Optimizer { get; init; } = OptimizerKind.RmsProp;

    public double WeightDecay { get; init; }

    /// <summary>Share of the schedule's steps spent in linear warm-up from 0.</summary>
    public double WarmupRatio { get; init; } = 0.1;

    /// <summary>Epochs that the learning-rate schedule spans (it decays linearly to 0 at their end).</summary>
    public double ScheduleEpochs { get; init; } = 2;

    /// <summary>Epochs that are really trained, at most <see cref="ScheduleEpochs"/>.</summary>
    public double Epochs { get; init; } = 2;

    /// <summary>Pairs (for <c>sft</c>: examples) per optimizer step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Pairs per forward and backward; gradients accumulate to <see cref="BatchSize"/>.</summary>
    public int MicroBatchSize { get; init; } = 8;

    /// <summary>Gradient norm is clipped to this; 0 = no clipping (as the official runs effectively did).</summary>
    public double MaxGradNorm { get; init; } = 1.0;

    /// <summary>How many iterations' pair sets are trained on: 2 = iterations t and t−1 (the paper), 1 = t alone (Algorithm 1).</summary>
    public int Window { get; init; } = 2;

    /// <summary>Longest prompt + answer, in tokens.</summary>
    public int MaxLength { get; init; } = 1024;

    /// <summary>A longer prompt keeps its last this many tokens.</summary>
    public int MaxPromptLength { get; init; } = 512;

    /// <summary>Drop pairs whose generated answer equals the human one (their gradient is zero); they are counted.</summary>
    public bool DropIdentical { get; init; } = true;

    public GenerationConfig Generation { get; init; } = new();

    public EvaluationConfig Evaluation { get; init; } = new();

    /// <summary>What happens when an iteration's held-out evidence speaks against another one: nothing, advice in the journal, or the end of the run.</summary>
    public EarlyStopMode EarlyStop { get; init; } = EarlyStopMode.Advise;

    /// <summary>Optimizer steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>Iterations that the run will play.</summary>
    public int PlannedIterations() => Kind == RunKind.Spin ? Iterations : 1;

    /// <summary>The value of a per-iteration list at an iteration: the last one repeats.</summary>
    public static double At(IReadOnlyList<double> perIteration, int iteration) => perIteration[Math.Min(iteration, perIteration.Count - 1)];
}

/// <summary>How the opponent answers.</summary>
public sealed record GenerationConfig
{
    /// <summary>0 = greedy.</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Nucleus sampling: smallest set of tokens whose probability reaches this. 1 = off.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Only the k likeliest tokens. 0 = off.</summary>
    public int TopK { get; init; }

    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Sequences decoded together; with an <see cref="Endpoint"/>, requests that are open at once.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Base address of an OpenAI-compatible server that writes the opponent's answers, such as <c>http://127.0.0.1:8000/v1</c>. Null: this process does. Held-out answers it always writes itself.</summary>
    public string? Endpoint { get; init; }

    /// <summary><c>completions</c>: prompts go as the run's own template renders them, in token ids. <c>chat</c>: as messages, which the server's template renders; for servers that have nothing else.</summary>
    public EndpointApi EndpointApi { get; init; } = EndpointApi.Completions;

    /// <summary>Name under which the server has an iteration's opponent: <c>{model}</c> stands for the model's folder, <c>{iteration}</c> for the iteration's number.</summary>
    public string EndpointModel { get; init; } = "{model}";

    /// <summary>Environment variable with the server's key, <c>SPINSTUDIO_KEY_…</c>.</summary>
    public string? EndpointKeyEnv { get; init; }
}

/// <summary>What is measured on the held-out examples before the first iteration and after each.</summary>
public sealed record EvaluationConfig
{
    /// <summary>Held-out examples used; 0 = none are evaluated.</summary>
    public int Examples { get; init; } = 200;

    /// <summary>Sampled answers per held-out prompt.</summary>
    public int SamplesPerPrompt { get; init; } = 1;
}

[JsonConverter(typeof(JsonStringEnumConverter<RunKind>))]
public enum RunKind
{
    [JsonStringEnumMemberName("spin")] Spin,
    [JsonStringEnumMemberName("sft")] Sft,
    [JsonStringEnumMemberName("dpo")] Dpo,
}

[JsonConverter(typeof(JsonStringEnumConverter<Precision>))]
public enum Precision
{
    [JsonStringEnumMemberName("fp32")] Fp32,
    [JsonStringEnumMemberName("bf16")] Bf16,
}

[JsonConverter(typeof(JsonStringEnumConverter<EarlyStopMode>))]
public enum EarlyStopMode
{
    [JsonStringEnumMemberName("off")] Off,
    [JsonStringEnumMemberName("advise")] Advise,
    [JsonStringEnumMemberName("gate")] Gate,
}

[JsonConverter(typeof(JsonStringEnumConverter<EndpointApi>))]
public enum EndpointApi
{
    [JsonStringEnumMemberName("completions")] Completions,
    [JsonStringEnumMemberName("chat")] Chat,
}

[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    [JsonStringEnumMemberName("rmsprop")] RmsProp,
    [JsonStringEnumMemberName("adamw")] AdamW,
}
