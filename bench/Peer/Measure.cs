namespace SpinStudio.Bench.Peer;

/// <summary>Repeated times of one thing.</summary>
internal sealed class Times
{
    private readonly List<double> _seconds = [];

    public void Add(double seconds) => _seconds.Add(seconds);

    public int Count => _seconds.Count;

    public double Sum => _seconds.Sum();

    public double Median => At(0.5);

    /// <summary>Half the distance between the quartiles, as a share of the median.</summary>
    public double Spread => (At(0.75) - At(0.25)) / 2 / Median;

    private double At(double quantile)
    {
        var sorted = _seconds.Order().ToList();
        var place = quantile * (sorted.Count - 1);
        var low = (int)place;
        return low + 1 < sorted.Count ? sorted[low] + (place - low) * (sorted[low + 1] - sorted[low]) : sorted[low];
    }
}
