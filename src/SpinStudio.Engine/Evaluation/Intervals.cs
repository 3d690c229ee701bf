namespace SpinStudio.Engine.Evaluation;

/// <summary>95 % intervals.</summary>
public static class Intervals
{
    /// <summary>The normal distribution's 97.5 % point.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>Wilson's score interval for a rate (Wilson 1927): stays inside [0, 1] and is honest near its ends.</summary>
    /// <param name="successes">A tie may count as half of one: the interval is then a little wide.</param>
    public static Estimate Rate(double successes, int count)
    {
        if (count == 0) return new Estimate(0, 0, 1, 0);
        double n = count, p = successes / n, z2 = Z * Z;
        var centre = (p + z2 / (2 * n)) / (1 + z2 / n);
        var half = Z / (1 + z2 / n) * Math.Sqrt(p * (1 - p) / n + z2 / (4 * n * n));
        return new Estimate(p, Math.Max(0, centre - half), Math.Min(1, centre + half), count);
    }

    /// <summary>Mean with its normal interval, mean ± z·s/√n.</summary>
    public static Estimate Mean(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0) return new Estimate(0, 0, 0, 0);
        var mean = values.Average();
        var variance = values.Count > 1 ? values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) : 0;
        var half = Z * Math.Sqrt(variance / values.Count);
        return new Estimate(mean, mean - half, mean + half, values.Count);
    }
}
