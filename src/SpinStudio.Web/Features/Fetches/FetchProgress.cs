namespace SpinStudio.Web.Features.Fetches;

/// <summary>Bytes and rate of a download under way.</summary>
internal sealed class FetchProgress(TimeProvider time)
{
    /// <summary>Rates are of the last so many seconds: long enough to be steady, short enough to be true.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);

    private readonly Lock gate = new();
    private readonly Queue<(long At, long Bytes)> points = new();

    public long Bytes { get; private set; }

    public long? TotalBytes { get; private set; }

    public void Set(long bytes, long? total)
    {
        lock (gate)
        {
            (Bytes, TotalBytes) = (bytes, total ?? TotalBytes);
            points.Enqueue((time.GetTimestamp(), bytes));
            while (points.Count > 2 && time.GetElapsedTime(points.Peek().At) > Window)
            {
                points.Dequeue();
            }
        }
    }

    /// <summary>Null until there are two points in time.</summary>
    public double? BytesPerSecond
    {
        get
        {
            lock (gate)
            {
                if (points.Count < 2)
                {
                    return null;
                }

                var (since, from) = points.Peek();
                var seconds = time.GetElapsedTime(since).TotalSeconds;
                return seconds > 0.2 ? Math.Max(0, (Bytes - from) / seconds) : null;
            }
        }
    }
}
