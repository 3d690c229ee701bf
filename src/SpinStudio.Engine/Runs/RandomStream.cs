namespace SpinStudio.Engine.Runs;

/// <summary>
/// A reproducible stream of random numbers (SplitMix64: Steele, Lea, Flood 2014), derived from named integers such as (seed, iteration, prompt, sample),
/// so that neither batch order nor a resume changes what is drawn.
/// </summary>
public struct RandomStream
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;

    private RandomStream(ulong state) => _state = state;

    public static RandomStream From(params ReadOnlySpan<long> key)
    {
        var state = 0UL;
        foreach (var part in key)
            state = Mix(state + Golden + (ulong)part);
        return new RandomStream(state);
    }

    public ulong NextUInt64() => Mix(_state += Golden);

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, limit).</summary>
    public int Next(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return (int)Math.BigMul(NextUInt64(), (ulong)limit, out _);
    }

    /// <summary>Standard normal (Box–Muller).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>Fisher–Yates.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
