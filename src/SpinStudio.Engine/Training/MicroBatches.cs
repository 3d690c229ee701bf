using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Training;

/// <summary>
/// How an iteration's items are put into micro-batches. The composition is fixed for the whole iteration and only the order changes from epoch to epoch,
/// so that the reference is scored on the very tensors that are trained on: at the first step the two sides agree to the last bit.
/// </summary>
public static class MicroBatches
{
    /// <summary>Items whose lengths are sorted together, in micro-batches.</summary>
    private const int SortWindow = 32;

    /// <summary>Indices of the items of each micro-batch: shuffled, then sorted by length within windows so that those of a step are alike.</summary>
    public static int[][] Compose(IReadOnlyList<int> lengths, int size, RandomStream stream)
    {
        var order = Enumerable.Range(0, lengths.Count).ToArray();
        stream.Shuffle<int>(order);
        return [.. order.Chunk(size * SortWindow).SelectMany(window => window.OrderBy(i => lengths[i]).ThenBy(i => i).Chunk(size))];
    }

    /// <summary>The order of the micro-batches in an epoch.</summary>
    public static int[] Order(int count, RandomStream stream)
    {
        var order = Enumerable.Range(0, count).ToArray();
        stream.Shuffle<int>(order);
        return order;
    }
}
