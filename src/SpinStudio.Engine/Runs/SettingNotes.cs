namespace SpinStudio.Engine.Runs;

/// <summary>What each setting is, and why its default is what it is, in a sentence or two for the page of settings.</summary>
public static class SettingNotes
{
    private static readonly Dictionary<string, string> Notes = new()
    {
        ["name"] = "For people; never used as a path.",
        ["kind"] = "Self-play; supervised fine-tuning on the same data, the baseline that self-play is measured against; or preference tuning on the dataset's own `rejected` answers, against the starting model.",
        ["model"] = "Folder of the starting model in the Hugging Face layout, relative to this file. It should already follow instructions: it is the first opponent.",
        ["dataset"] = "JSON Lines with `prompt` and `response`, optionally `system`, `check` and `rejected`, relative to this file.",
        ["held_out"] = "Held-out examples in the same form. Without it a share of the dataset is set aside.",
        ["held_out_fraction"] = "That share; decided by the prompt alone, so that the same prompt is on the same side in every run.",
        ["chat_template"] = "A built-in template in place of the model's own. Generation and training use the same text; the official code does not, which is why its samples are not from the distribution that it scores.",
        ["max_examples"] = "Only so many examples after a seeded shuffle; 0 takes all. The paper's own ablation gains from 14 thousand to 50 thousand.",
        ["iterations"] = "T: how often the model plays against its former self. Most of the published gain comes in the first two, so 3 is enough to see it end.",
        ["seed"] = "The same seed and settings give the same model, byte for byte.",
        ["dtype"] = "bf16 computes with rounded weights and keeps fp32 ones beside; fp32 is exact and several times slower.",
        ["device"] = "Where the run computes: auto takes a CUDA device if libtorch finds one, cpu and cuda:N name one. The published runs used 8 A100.",
        ["threads"] = "For libtorch; 0 takes all cores.",
        ["ranks"] = "Processes on this machine that play the run together, each with the whole model and a share of every batch. The published runs used 8 devices.",
        ["loss"] = "ℓ of the objective. sigmoid is log(1 + e^−t), hinge max(0, 1 − t), exponential e^−t (continued by its tangent below −20), correlation 1 − t. The theory admits all; correlation and exponential have no bound on one side and want a smaller learning rate.",
        ["label_smoothing"] = "ε in (1 − ε)·ℓ(βm) + ε·ℓ(−βm): keeps margins from growing without end. Off, as in the paper; useful where some answers of the dataset are worse than the model's.",
        ["length_normalised"] = "Log-probs are means a token instead of sums, of both answers under both models, so that length alone decides nothing. Margins then are smaller by the length, and β wants to be larger by it.",
        ["sft_weight"] = "α: adds α·(−log π(y) / \\|y\\|), a mean over pairs, as in iterative reasoning preference optimisation (arXiv 2404.19733). It keeps human answers from becoming less likely while only the margin is trained.",
        ["beta"] = "λ of the paper: weight of the log-ratio. Larger means smaller steps of the distribution (its Theorem 5.4), which is why the last iteration uses 5.",
        ["learning_rate"] = "Peak. The published value suits 7 billion parameters; small models take 1e-5 to 4e-4.",
        ["lora.rank"] = "Rank of the adapters; 0 trains all weights, as the paper does. One adapter goes through all iterations.",
        ["lora.alpha"] = "What adapters add is multiplied by alpha / rank.",
        ["lora.dropout"] = "Share of an adapter's inputs that is dropped in training; off when scoring and answering, so that the first step is still exact.",
        ["lora.targets"] = "Projections that get adapters; all of a layer by default, which learns best for a given rank.",
        ["lora.rslora"] = "Multiplies by alpha / √rank instead, so that a high rank learns as fast as a low one (arXiv 2312.03732).",
        ["gradient_checkpointing"] = "Keeps of each layer its input alone and computes it again on the way back: less memory, about a third more arithmetic, the same gradients.",
        ["optimizer"] = "RMSProp with α 0.99 and no momentum, as published; AdamW for those who are used to it.",
        ["weight_decay"] = "Pull of the weights towards 0.",
        ["warmup_ratio"] = "Share of the schedule in which the learning rate rises from 0.",
        ["schedule_epochs"] = "Epochs over which the rate would fall to 0; `epochs` when not given. The authors span 6 and stop after 2, so their rate ends at 3.7e-7 and not at 0.",
        ["epochs"] = "Passes over the pairs in each iteration, at most `schedule_epochs`.",
        ["batch_size"] = "Pairs (for `sft`: examples) per optimizer step. 32 leaves a small dataset enough steps.",
        ["micro_batch_size"] = "Pairs per forward and backward: changes memory and speed, not the result beyond rounding.",
        ["max_grad_norm"] = "Gradient norm is clipped to this; 0 switches it off. The official runs were effectively unclipped; 1 costs nothing and survives bad batches.",
        ["window"] = "Iterations whose pairs are trained on: 2 adds those of the iteration before, as the experiments do; 1 is Algorithm 1 as it is written.",
        ["max_length"] = "Tokens of prompt and answer together; what is longer is cut at its end.",
        ["max_prompt_length"] = "Tokens; a longer prompt keeps its end. Half of `max_length` when that is smaller.",
        ["drop_identical"] = "Leaves out pairs whose two answers are the same: their gradient is 0. They are counted.",
        ["generation.temperature"] = "1 samples from the model as it is, which the theory asks for; 0 always takes the likeliest token, as the official generator did.",
        ["generation.top_p"] = "Only the likeliest tokens with this total probability; 1 is off, so that answers are the model's own.",
        ["generation.top_k"] = "Only so many of the likeliest tokens; 0 is off.",
        ["generation.max_new_tokens"] = "Tokens after which an answer is cut. A cut answer gets no end token, so that its end gives nothing away.",
        ["generation.batch_size"] = "Answers written side by side: changes memory and speed, not the answers.",
        ["generation.endpoint"] = "Base address of an OpenAI-compatible server that writes the opponent's answers; without it the engine writes them itself. Held-out answers it always writes itself.",
        ["generation.endpoint_api"] = "`completions` sends prompts as the run's own template renders them, in token ids: the model answers the very text that it is trained on. `chat` sends messages and leaves the rendering to the server's template; for servers that offer nothing else, and the run warns.",
        ["generation.endpoint_model"] = "Name under which the server has an iteration's opponent: `{model}` stands for the model's folder, `{iteration}` for the iteration's number.",
        ["generation.endpoint_key_env"] = "Environment variable with the server's key; its name begins with `SPINSTUDIO_KEY_`, so that a config can name no other secret.",
        ["evaluation.examples"] = "Held-out prompts that every model is measured on; 0 switches evaluation off. 200 tell differences of about 7 points.",
        ["evaluation.samples_per_prompt"] = "Answers to each; more give narrower intervals.",
        ["early_stop"] = "What happens when held-out evidence speaks against another iteration: nothing, advice in the journal and on the run's page, or the end of the run. It speaks against one when human and generated answers cannot be told apart although the loss fell, or when a paired test finds the model no better than the one before: by exact checks, else by the likelihood of the human answers.",
        ["checkpoint_every"] = "Optimizer steps between checkpoints; a crash loses at most these.",
    };

    /// <summary>The note on a setting; empty when there is none.</summary>
    public static string Of(string key) => Notes.GetValueOrDefault(key, "");

    /// <summary>Settings that have one.</summary>
    public static IEnumerable<string> Keys => Notes.Keys;
}
