namespace SpinStudio.Engine.Runs;

/// <summary>Named starting points for a run.</summary>
public static class RunPresets
{
    /// <summary>Settings, by their keys, that the paper or its code states: those that <see cref="Paper"/> sets.</summary>
    public static IReadOnlySet<string> StatedInPaper { get; } = new HashSet<string>
    {
        "iterations", "loss", "label_smoothing", "length_normalised", "sft_weight", "beta", "learning_rate", "optimizer", "weight_decay", "warmup_ratio", "schedule_epochs", "epochs",
        "batch_size", "max_grad_norm", "window", "max_length", "max_prompt_length", "dtype", "lora.rank",
        "generation.temperature", "generation.top_p", "generation.top_k", "generation.max_new_tokens",
    };

    /// <summary>The published settings: Chen et al., arXiv 2401.01335v3, Appendix B, and the official repository's configs. Schedule spans 6 epochs, stopped after 2.</summary>
    public static RunConfig Paper(RunConfig config) => config with
    {
        Iterations = 4,
        Loss = SpinLossType.Sigmoid,
        LabelSmoothing = 0,
        LengthNormalised = false,
        SftWeight = 0,
        Beta = [0.1, 0.1, 0.1, 5.0],
        LearningRate = [5e-7, 5e-7, 1e-7, 1e-7],
        Optimizer = OptimizerKind.RmsProp,
        WeightDecay = 0,
        WarmupRatio = 0.1,
        ScheduleEpochs = 6,
        Epochs = 2,
        BatchSize = 64,
        MaxGradNorm = 0,
        Window = 2,
        MaxLength = 1024,
        MaxPromptLength = 512,
        Dtype = Precision.Bf16,
        Lora = config.Lora with { Rank = 0 },
        Generation = config.Generation with { Temperature = 1, TopP = 1, TopK = 0, MaxNewTokens = 256 },
    };
}
