using SpinStudio.Torch;
using F = SpinStudio.Torch.torch.nn.functional;

namespace SpinStudio.Engine.Models;

/// <summary>A projection of a layer, or several stacked in one matrix product, with low-rank adapters beside it where the model has them.</summary>
internal sealed class Projection
{
    private readonly Tensor _weight;
    private readonly Tensor? _bias;
    private readonly AdapterStack? _adapter;

    /// <param name="leaf">Name of the weights in <paramref name="parameters"/>.</param>
    public Projection(string leaf, FlatParameters parameters, LowRankAdapters? adapters) =>
        (_weight, _bias, _adapter) = (parameters.Leaf(leaf), parameters.Find(leaf + ".bias"), adapters?.Find(leaf));

    /// <param name="x">[tokens, in]</param>
    /// <returns>x·Wᵀ + b, and with adapters + (α/r)·(x·Aᵀ)·Bᵀ: [tokens, out]</returns>
    public Tensor Forward(Tensor x) => _adapter is null ? F.linear(x, _weight, _bias) : _adapter.Forward(x, _weight, _bias);
}
