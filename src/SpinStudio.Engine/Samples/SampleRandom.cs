namespace SpinStudio.Engine.Samples;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): the sample's own source of chance, so that a seed gives the same files on every runtime and version.
/// </summary>
public sealed class SampleRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in 0..<paramref name="bound"/>−1; the bias of the remainder is below 2⁻⁵⁰ for the bounds used here.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box and Muller 1958).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Unit())) * Math.Cos(2 * Math.PI * Unit());

    public bool Chance(double probability) => Unit() < probability;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>One of <paramref name="items"/> that is not <paramref name="other"/>.</summary>
    public string Except(IReadOnlyList<string> items, string other)
    {
        while (true)
        {
            string item = Of(items);
            if (item != other)
            {
                return item;
            }
        }
    }

    /// <summary><paramref name="count"/> different items in random order.</summary>
    public List<string> Distinct(IReadOnlyList<string> items, int count)
    {
        List<string> pool = [.. items];
        Shuffle(pool);
        return pool.GetRange(0, count);
    }

    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
