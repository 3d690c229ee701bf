using SpinStudio.Torch;
using F = SpinStudio.Torch.torch.nn.functional;

namespace SpinStudio.Engine.Models;

/// <summary>Adapters of the projections that are stacked in one leaf: one product with all their A, then one with each B.</summary>
/// <param name="number">Of the stack in the model; what is dropped depends on it.</param>
/// <param name="a">The A of the adapted projections under each other, [adapted · rank, in].</param>
/// <param name="b">Their B, [rows of the adapted, rank].</param>
/// <param name="projections">All projections of the leaf: how many outputs each has, and whether it is adapted.</param>
internal sealed class AdapterStack(LowRankAdapters adapters, int number, Tensor a, Tensor b, (long Rows, bool Adapted)[] projections)
{
    private readonly long[] _rows = [.. projections.Select(projection => projection.Rows)];
    private readonly long[] _ranks = [.. projections.Select(projection => projection.Adapted ? (long)adapters.Settings.Rank : 0)];

    /// <param name="x">[tokens, in]</param>
    /// <param name="weight">The leaf, [out, in].</param>
    /// <returns>x·Wᵀ + bias, and to each projection that has an adapter s·(x·Aᵀ)·Bᵀ: [tokens, out]</returns>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias)
    {
        using var dropped = adapters.Drop(x, number);
        return F.adapted_linear(x, dropped, weight, bias, a, b, adapters.Settings.Scale(), _rows, _ranks);
    }
}
