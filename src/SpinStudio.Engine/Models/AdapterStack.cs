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
    /// <param name="x">[tokens, in]</param>
    /// <returns>s·(x·Aᵀ)·Bᵀ of each projection beside the other, zero where one has no adapter: [tokens, out]</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var rank = adapters.Settings.Rank;
        var low = F.linear(adapters.Drop(x, number), a) * adapters.Settings.Scale();
        var deltas = new List<Tensor>();
        long row = 0, column = 0;
        foreach (var (rows, adapted) in projections)
        {
            if (!adapted)
            {
                deltas.Add(torch.zeros([x.size(0), rows], x.dtype, x.device));
                continue;
            }
            deltas.Add(F.linear(low.narrow(1, column, rank), b.narrow(0, row, rows)));
            row += rows;
            column += rank;
        }
        return (deltas.Count == 1 ? deltas[0] : torch.cat(deltas, 1)).MoveToOuterDisposeScope();
    }
}
