using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>A tensor the forward uses, with the checkpoint tensors that are stacked in it along the first axis.</summary>
public sealed record Leaf(string Name, params (string Name, long[] Shape)[] Parts);

/// <summary>
/// All weights of a model in one flat buffer, so that the optimizer is one pass, a checkpoint one tensor and a copy one call.
/// </summary>
/// <remarks>
/// Leaves and checkpoint tensors are views of the buffer: writing the buffer changes the model. A leaf may stack several checkpoint tensors
/// (q, k and v of a layer are one matrix product).
/// </remarks>
public sealed class FlatParameters : IDisposable
{
    private readonly List<(string Name, Tensor Tensor, long Offset)> _leaves = [];
    private readonly Dictionary<string, (long[] Shape, long Offset)> _tensors = [];

    /// <param name="leaves">Leaves in the order of the buffer.</param>
    /// <param name="dtype">What the forward computes in.</param>
    public FlatParameters(IReadOnlyList<Leaf> leaves, ScalarType dtype)
    {
        foreach (var (name, shape) in leaves.SelectMany(leaf => leaf.Parts))
        {
            _tensors.Add(name, (shape, Count));
            Count += Elements(shape);
        }

        using var scope = torch.NewDisposeScope();
        Weights = torch.zeros([Count], dtype).DetachFromDisposeScope();
        long offset = 0;
        foreach (var leaf in leaves)
        {
            long[] shape = [leaf.Parts.Sum(p => p.Shape[0]), .. leaf.Parts[0].Shape[1..]];
            _leaves.Add((leaf.Name, View(Weights, offset, shape).detach().DetachFromDisposeScope(), offset));
            offset += Elements(shape);
        }
    }

    /// <summary>Number of weights.</summary>
    public long Count { get; }

    /// <summary>All weights, [count], in the compute dtype.</summary>
    public Tensor Weights { get; }

    /// <summary>Gradients of all weights, [count], in the compute dtype; there after <see cref="RequireGradients"/>.</summary>
    public Tensor? Gradients { get; private set; }

    /// <summary>Names and shapes of the checkpoint's tensors, in the order they are saved.</summary>
    public IEnumerable<(string Name, long[] Shape)> Tensors => _tensors.Select(t => (t.Key, t.Value.Shape));

    /// <summary>The leaf of that name, or null.</summary>
    public Tensor? Find(string name) => _leaves.Find(leaf => leaf.Name == name).Tensor;

    /// <summary>The leaf of that name.</summary>
    public Tensor Leaf(string name) => Find(name)
        ?? throw new KeyNotFoundException($"no weights are named '{name}'");

    /// <summary>A leaf once more, for weights that a forward uses twice: the gradient of each use is added where it arises and need not wait for the other.</summary>
    public Tensor SecondUse(string name)
    {
        var (_, leaf, offset) = _leaves.Find(l => l.Name == name);
        _leaves.Add(("", leaf.detach().DetachFromDisposeScope(), offset));
        return _leaves[^1].Tensor;
    }

    /// <summary>The part of a flat buffer (weights, gradients, fp32 masters) that belongs to a checkpoint tensor.</summary>
    public Tensor Part(Tensor flat, string name) => View(flat, _tensors[name].Offset, _tensors[name].Shape);

    /// <summary>From now on backward adds into <see cref="Gradients"/>, which starts at zero.</summary>
    public Tensor RequireGradients()
    {
        if (Gradients is not null) return Gradients;
        using var scope = torch.NewDisposeScope();
        Gradients = torch.zeros_like(Weights).DetachFromDisposeScope();
        foreach (var (_, leaf, offset) in _leaves)
        {
            leaf.requires_grad = true;
            leaf.grad = View(Gradients, offset, leaf.shape);
        }
        return Gradients;
    }

    public void Dispose()
    {
        foreach (var (_, leaf, _) in _leaves)
            leaf.Dispose();
        Gradients?.Dispose();
        Weights.Dispose();
    }

    private static Tensor View(Tensor flat, long offset, long[] shape) => flat.narrow(0, offset, Elements(shape)).view(shape);

    private static long Elements(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);
}
