namespace SpinStudio.Web.Features.Runs;

/// <summary>Thins a curve without hiding its spikes: of each bucket of neighbouring points the smallest and the largest stay.</summary>
internal static class MinMax
{
    /// <summary>Indices of the points that stay, ascending, at most <paramref name="maxPoints"/>. First and last always stay; a gap stays a gap.</summary>
    public static List<int> Pick(IReadOnlyList<double?> values, int maxPoints)
    {
        var kept = new List<int>(maxPoints) { 0 };
        var buckets = (maxPoints - 2) / 2;
        var inner = values.Count - 2;
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            var from = 1 + (int)((long)inner * bucket / buckets);
            var to = 1 + (int)((long)inner * (bucket + 1) / buckets);
            var (low, high, gap) = (-1, -1, -1);
            for (var i = from; i < to; i++)
            {
                if (values[i] is not { } value)
                {
                    gap = i;
                    continue;
                }

                low = low < 0 || value < values[low] ? i : low;
                high = high < 0 || value > values[high] ? i : high;
            }

            if (low < 0)
            {
                (low, high) = (gap, gap);
            }

            kept.Add(Math.Min(low, high));
            if (low != high)
            {
                kept.Add(Math.Max(low, high));
            }
        }

        kept.Add(values.Count - 1);
        return kept;
    }
}
