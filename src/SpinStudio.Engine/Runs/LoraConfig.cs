namespace SpinStudio.Engine.Runs;

/// <summary>
/// Low-rank adapters (Hu et al., arXiv 2106.09685): the model's weights stay as they are, and each chosen projection gets two small matrices that are trained.
/// </summary>
/// <remarks>One adapter is trained through all iterations, so what a run saves is always one adapter on the starting model.</remarks>
public sealed record LoraConfig
{
    /// <summary>The projections of a layer, by their names in the checkpoint.</summary>
    public static IReadOnlyList<string> AllTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Rank of the matrices; 0 = full fine-tuning.</summary>
    public int Rank { get; init; }

    /// <summary>What adapters add is multiplied by alpha / rank.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Share of an adapter's inputs that is dropped in training (the main player alone; never when scoring or answering).</summary>
    public double Dropout { get; init; }

    /// <summary>Projections that get adapters.</summary>
    public IReadOnlyList<string> Targets { get; init; } = AllTargets;

    /// <summary>Multiply by alpha / √rank instead, so that a high rank learns as fast as a low one (rsLoRA, arXiv 2312.03732).</summary>
    public bool Rslora { get; init; }

    /// <summary>The factor s of W + s·B·A.</summary>
    public double Scale() => Rslora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;
}
