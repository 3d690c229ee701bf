using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// LoRA (Hu et al., arXiv 2106.09685): beside a frozen W of a projection stands s·B·A with A [rank, in] and B [out, rank], which alone are trained;
/// s = α/rank, or α/√rank with <see cref="LoraConfig.Rslora"/> (Kalajdzievski, arXiv 2312.03732).
/// </summary>
/// <remarks>All A and B lie in one flat buffer of their own, named as PEFT names them, so that optimizer and checkpoint treat them as they treat a whole model's weights.</remarks>
public sealed class LowRankAdapters : IDisposable
{
    private readonly Dictionary<string, AdapterStack> _stacks = [];
    private long _dropoutSeed;

    /// <summary>Adapters that change nothing yet: A and B are zero, to be filled by <see cref="Randomise"/> or from a file.</summary>
    /// <param name="layout">The model's leaves; those that stack projections get adapters, one a projection.</param>
    internal LowRankAdapters(IReadOnlyList<Leaf> layout, LoraConfig settings, ScalarType dtype)
    {
        Settings = settings;
        var stacks = layout.Select(leaf => (leaf.Name, Projections: ProjectionsOf(leaf))).Where(stack => stack.Projections.Any(projection => projection.Adapted)).ToList();
        Parameters = new FlatParameters([.. stacks.SelectMany(stack => LeavesOf(stack.Name, stack.Projections))], dtype);
        Modules = [.. stacks.SelectMany(stack => stack.Projections).Where(projection => projection.Adapted).Select(projection => projection.Module)];
        foreach (var (leaf, projections) in stacks)
            _stacks.Add(leaf, new AdapterStack(this, _stacks.Count, Parameters.Leaf(A(leaf)), Parameters.Leaf(B(leaf)), [.. projections.Select(p => (p.Rows, p.Adapted))]));
    }

    public LoraConfig Settings { get; }

    /// <summary>All A and B, in the compute dtype.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>Adapted projections by their module's path in the checkpoint, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>PEFT's name of a module's A, [rank, in].</summary>
    public static string NameOfA(string module) => $"base_model.model.{module}.lora_A.weight";

    /// <summary>PEFT's name of a module's B, [out, rank].</summary>
    public static string NameOfB(string module) => $"base_model.model.{module}.lora_B.weight";

    /// <summary>As PEFT starts: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that the model is the one without adapters.</summary>
    public void Randomise(RandomStream stream)
    {
        using var noGrad = torch.no_grad();
        foreach (var module in Modules)
        {
            using var scope = torch.NewDisposeScope();
            var a = Parameters.Part(Parameters.Weights, NameOfA(module));
            var bound = 1 / Math.Sqrt(a.size(1));
            var values = new float[a.numel()];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)((2 * stream.NextDouble() - 1) * bound);
            a.copy_(torch.tensor(values, a.shape));
            Parameters.Part(Parameters.Weights, NameOfB(module)).zero_();
        }
    }

    /// <summary>
    /// Until the result is disposed, inputs of the adapters are dropped with the settings' probability. What is dropped follows from the seed and the projection alone,
    /// so a layer that is computed again drops the same.
    /// </summary>
    public IDisposable Dropping(RandomStream stream)
    {
        Drops = Settings.Dropout > 0;
        _dropoutSeed = (long)stream.NextUInt64();
        return new DroppingScope(this);
    }

    /// <summary>Inputs are dropped now.</summary>
    public bool Drops { get; private set; }

    /// <summary>The adapters of a leaf's projections, or null where none is adapted.</summary>
    internal AdapterStack? Find(string leaf) => _stacks.GetValueOrDefault(leaf);

    /// <summary>An adapter's input of which a share is dropped; null while nothing is.</summary>
    internal Tensor? Drop(Tensor x, int stack)
    {
        if (!Drops) return null;
        torch.manual_seed((long)RandomStream.From(_dropoutSeed, stack).NextUInt64());
        return torch.nn.functional.dropout(x, Settings.Dropout);
    }

    public void Dispose() => Parameters.Dispose();

    private List<(string Module, long Rows, long Columns, bool Adapted)> ProjectionsOf(Leaf leaf) =>
    [
        .. leaf.Parts.Where(part => part.Name.EndsWith("_proj.weight", StringComparison.Ordinal))
            .Select(part => (Module: part.Name[..^".weight".Length], part.Shape))
            .Select(part => (part.Module, part.Shape[0], part.Shape[1], Settings.Targets.Contains(part.Module.Split('.')[^1]))),
    ];

    private IEnumerable<Leaf> LeavesOf(string leaf, IEnumerable<(string Module, long Rows, long Columns, bool Adapted)> projections)
    {
        var adapted = projections.Where(projection => projection.Adapted).ToArray();
        yield return new Leaf(A(leaf), [.. adapted.Select(p => (NameOfA(p.Module), new[] { Settings.Rank, p.Columns }))]);
        yield return new Leaf(B(leaf), [.. adapted.Select(p => (NameOfB(p.Module), new[] { p.Rows, Settings.Rank }))]);
    }

    private static string A(string leaf) => leaf + ".lora_A";

    private static string B(string leaf) => leaf + ".lora_B";

    private sealed class DroppingScope(LowRankAdapters adapters) : IDisposable
    {
        public void Dispose() => adapters.Drops = false;
    }
}
