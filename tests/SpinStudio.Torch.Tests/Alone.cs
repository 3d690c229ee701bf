using Xunit;

namespace SpinStudio.Torch.Tests;

/// <summary>Tests that count what the whole process holds, set how many threads it uses, or draw from its random numbers.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

internal static class LiveTensors
{
    /// <summary>The native tensors that somebody still holds; garbage is collected first.</summary>
    internal static long Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
