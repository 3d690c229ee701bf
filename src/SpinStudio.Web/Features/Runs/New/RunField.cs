using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Web.Features.Runs.New;

public enum FieldKind
{
    Whole,
    Real,

    /// <summary>One number, or one per iteration separated by commas.</summary>
    Reals,
    Choice,
    Flag,

    /// <summary>One or more names, separated by commas.</summary>
    Words,
    Text,

    /// <summary>One of the team's model servers, by its address; or none.</summary>
    Server,
}

/// <summary>One setting of a run as the form shows it.</summary>
/// <param name="Key">In run.json; nested ones with a dot.</param>
/// <param name="Group">Heading it stands under.</param>
/// <param name="Simple">Shown without the advanced settings.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Choices">Value and label, for <see cref="FieldKind.Choice"/>.</param>
public sealed record RunField(string Key, FieldKind Kind, string Group, bool Simple, string Label, string Help, params (string Value, string Label)[] Choices)
{
    /// <summary>What its number counts; null for a pure number.</summary>
    public string? Unit => Units.GetValueOrDefault(Key);

    public bool IsNumber => Kind is FieldKind.Whole or FieldKind.Real or FieldKind.Reals;

    public static RunField Named(string key) => All.First(field => field.Key == key);

    public string Id => "field-" + Key.Replace('.', '-').Replace('_', '-');

    private static readonly Dictionary<string, string> Units = new()
    {
        ["batch_size"] = "pairs", ["micro_batch_size"] = "pairs", ["epochs"] = "passes", ["schedule_epochs"] = "passes", ["window"] = "iterations", ["max_examples"] = "rows",
        ["max_length"] = "tokens", ["max_prompt_length"] = "tokens", ["generation.max_new_tokens"] = "tokens", ["generation.top_k"] = "tokens", ["generation.batch_size"] = "answers",
        ["evaluation.examples"] = "prompts", ["evaluation.samples_per_prompt"] = "answers", ["checkpoint_every"] = "steps", ["threads"] = "threads", ["ranks"] = "processes",
        ["warmup_ratio"] = "share", ["label_smoothing"] = "share", ["held_out_fraction"] = "share", ["generation.top_p"] = "share",
    };

    public static IReadOnlyList<RunField> All { get; } =
    [
        new("iterations", FieldKind.Whole, "Self-play", true, "Iterations", "How often the model plays against its former self."),
        new("kind", FieldKind.Choice, "Self-play", false, "Method", "Self-play, plain supervised fine-tuning as a baseline, or preference tuning on a dataset that has rejected answers.",
            ("spin", "Self-play (SPIN)"), ("sft", "Supervised fine-tuning (SFT)"), ("dpo", "Preference tuning (DPO)")),
        new("beta", FieldKind.Reals, "Self-play", true, "β", "Weight of a change in log-probability; larger keeps the model nearer to its opponent. Short answers want more than long ones."),
        new("loss", FieldKind.Choice, "Self-play", false, "Loss", "How the margin is turned into a loss.", ("sigmoid", "Logistic"), ("hinge", "Hinge"), ("exponential", "Exponential"), ("correlation", "Correlation")),
        new("label_smoothing", FieldKind.Real, "Self-play", false, "Label smoothing", "Share of pairs that are taken to be the wrong way round; it keeps the margin from growing without end. 0 is off."),
        new("length_normalised", FieldKind.Flag, "Self-play", false, "Normalise by length", "Compare log-probabilities a token instead of whole answers, so that length alone decides nothing; β then wants to be some ten times larger."),
        new("sft_weight", FieldKind.Real, "Self-play", false, "SFT weight", "Adds so much of the negative log-likelihood a token of the human answers, which keeps them from becoming less likely. 0 is off."),
        new("window", FieldKind.Whole, "Self-play", false, "Window", "Iterations whose pairs are trained on: 2 adds those of the iteration before."),
        new("drop_identical", FieldKind.Flag, "Self-play", false, "Leave out identical pairs", "Pairs in which the opponent wrote exactly the human answer teach nothing; they are counted."),

        new("early_stop", FieldKind.Choice, "Self-play", false, "Early stop", "When held-out evidence speaks against another iteration: say nothing, give advice, or end the run.",
            ("off", "Off"), ("advise", "Advice"), ("gate", "End the run")),

        new("learning_rate", FieldKind.Reals, "Training", true, "Learning rate", "Size of a step at its peak; small models take 1e‑5 to 1e‑4, large ones 1e‑7 to 1e‑6."),
        new("epochs", FieldKind.Real, "Training", true, "Epochs", "Passes over the pairs in each iteration."),
        new("schedule_epochs", FieldKind.Real, "Training", false, "Schedule epochs", "Passes over which the learning rate would fall to 0; at least the epochs trained."),
        new("batch_size", FieldKind.Whole, "Training", true, "Batch size", "Pairs per optimizer step."),
        new("micro_batch_size", FieldKind.Whole, "Training", false, "Micro-batch size", "Pairs held in memory at once; changes memory, not the result."),
        new("optimizer", FieldKind.Choice, "Training", false, "Optimizer", "How gradients become steps.", ("rmsprop", "RMSProp"), ("adamw", "AdamW")),
        new("warmup_ratio", FieldKind.Real, "Training", false, "Warm-up", "Share of the schedule in which the learning rate rises from 0."),
        new("weight_decay", FieldKind.Real, "Training", false, "Weight decay", "Pull of the weights towards 0."),
        new("max_grad_norm", FieldKind.Real, "Training", false, "Gradient clipping", "Largest gradient norm; 0 switches clipping off."),

        new("lora.rank", FieldKind.Whole, "Adapters", true, "LoRA rank", "Train low-rank adapters of this rank and leave the weights as they are: a fraction of the memory; 0 trains all weights."),
        new("lora.alpha", FieldKind.Real, "Adapters", false, "LoRA alpha", "What adapters add is multiplied by alpha / rank."),
        new("lora.dropout", FieldKind.Real, "Adapters", false, "LoRA dropout", "Share of an adapter's inputs that is dropped in training."),
        new("lora.targets", FieldKind.Words, "Adapters", false, "LoRA targets", "Projections of each layer that get adapters."),
        new("lora.rslora", FieldKind.Flag, "Adapters", false, "Rank-stabilised LoRA", "Multiply by alpha / √rank, so that a high rank learns as fast as a low one."),

        new("chat_template", FieldKind.Choice, "Data", false, "Chat template", "How prompts and answers become the text that the model reads; a model that was tuned before wants its own.",
            [("", "The model's own"), .. BuiltInTemplates.Names.Select(name => (name, name))]),
        new("max_examples", FieldKind.Whole, "Data", true, "Examples", "Use only this many examples of the dataset; 0 uses all."),
        new("held_out_fraction", FieldKind.Real, "Data", false, "Held-out share", "Share set aside for evaluation when the dataset brings no held-out examples."),
        new("max_length", FieldKind.Whole, "Data", false, "Longest example", "Tokens of prompt and answer together; longer pairs are left out."),
        new("max_prompt_length", FieldKind.Whole, "Data", false, "Longest prompt", "Tokens; a longer prompt keeps its end."),

        new("generation.max_new_tokens", FieldKind.Whole, "Opponent's answers", true, "Longest answer", "Tokens after which an answer is cut."),
        new("generation.temperature", FieldKind.Real, "Opponent's answers", false, "Temperature", "1 samples from the model as it is; 0 always takes the likeliest token."),
        new("generation.top_p", FieldKind.Real, "Opponent's answers", false, "Top-p", "Sample only from the likeliest tokens with this total probability; 1 is off."),
        new("generation.top_k", FieldKind.Whole, "Opponent's answers", false, "Top-k", "Sample only from this many tokens; 0 is off."),
        new("generation.batch_size", FieldKind.Whole, "Opponent's answers", false, "Answers at once", "Answers written side by side; changes speed and memory."),

        new("generation.endpoint", FieldKind.Server, "Opponent's answers", false, "Written by", "The engine writes the opponent's answers itself, or asks a model server, which must serve each iteration's model; held-out answers it always writes itself."),
        new("generation.endpoint_api", FieldKind.Choice, "Opponent's answers", false, "Asked as", "Completions send the text that the run's own template makes. Chat leaves the template to the server: for servers that have nothing else.",
            ("completions", "Completions"), ("chat", "Chat completions")),
        new("generation.endpoint_model", FieldKind.Text, "Opponent's answers", false, "Name on the server", "Name of an iteration's opponent there: {model} stands for its folder, {iteration} for the iteration's number. Without a server it has no meaning."),

        new("evaluation.examples", FieldKind.Whole, "Evaluation", true, "Held-out prompts", "Prompts that each model is measured on; 0 switches evaluation off."),
        new("evaluation.samples_per_prompt", FieldKind.Whole, "Evaluation", false, "Answers per prompt", "More answers give narrower intervals."),

        new("dtype", FieldKind.Choice, "Machine", false, "Precision", "bf16 computes faster and keeps full-precision weights beside.", ("bf16", "bf16, fp32 weights"), ("fp32", "fp32")),
        new("gradient_checkpointing", FieldKind.Flag, "Machine", false, "Gradient checkpointing", "Keep of each layer its input alone and compute it again on the way back: less memory, about a third more arithmetic, the same gradients."),
        new("device", FieldKind.Choice, "Machine", false, "Device", "Where the run computes; automatic takes a GPU if libtorch finds one. The paper's runs used 8 A100.", ("auto", "Automatic"), ("cpu", "Processor"), ("cuda", "CUDA"), ("cuda:0", "CUDA 0"), ("cuda:1", "CUDA 1"), ("cuda:2", "CUDA 2"), ("cuda:3", "CUDA 3")),
        new("threads", FieldKind.Whole, "Machine", false, "Threads", "Processor threads; 0 takes all cores."),
        new("ranks", FieldKind.Whole, "Machine", false, "Ranks", "Processes on the studio's machine that train together, each on a share of every batch and of the threads; the paper's runs used 8 devices."),
        new("checkpoint_every", FieldKind.Whole, "Machine", false, "Checkpoint every", "Optimizer steps between checkpoints; a crash loses at most these."),
        new("seed", FieldKind.Whole, "Machine", false, "Seed", "The same seed and settings give the same model, byte for byte."),
    ];
}
