namespace SpinStudio.Bench.Peer;

/// <summary>Both sides must compute the same before their times mean anything.</summary>
internal static class Parity
{
    /// <exception cref="InvalidOperationException">They differ by more than the limit.</exception>
    public static void Check(string what, double difference, double limit)
    {
        if (!(difference <= limit))
            throw new InvalidOperationException($"{what}: the sides differ by {difference:G3}, more than {limit:G3}; there is nothing to compare");
    }
}
