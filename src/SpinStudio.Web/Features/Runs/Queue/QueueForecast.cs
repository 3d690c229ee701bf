namespace SpinStudio.Web.Features.Runs.Queue;

/// <summary>One run in the forecast.</summary>
/// <param name="Seconds">What is left of it; null when nobody knows.</param>
internal sealed record ForecastRun(Guid Id, double? Seconds);

/// <summary>When waiting runs will start: each takes the slot that is free first.</summary>
internal static class QueueForecast
{
    /// <param name="working">Runs that hold a slot now.</param>
    /// <param name="waiting">In their order; held ones left out.</param>
    /// <returns>The start of every waiting run, as far as it can be told.</returns>
    public static IReadOnlyDictionary<Guid, DateTimeOffset> Starts(DateTimeOffset now, int slots, IEnumerable<ForecastRun> working, IEnumerable<ForecastRun> waiting)
    {
        var free = new PriorityQueue<int, DateTimeOffset>();
        var busy = working.ToList();
        foreach (var run in busy)
        {
            free.Enqueue(0, End(now, run.Seconds));
        }

        for (var slot = busy.Count; slot < Math.Max(1, slots); slot++)
        {
            free.Enqueue(0, now);
        }

        var starts = new Dictionary<Guid, DateTimeOffset>();
        foreach (var run in waiting)
        {
            free.TryDequeue(out _, out var start);
            if (start < DateTimeOffset.MaxValue)
            {
                starts[run.Id] = start;
            }

            free.Enqueue(0, start == DateTimeOffset.MaxValue ? start : End(start, run.Seconds));
        }

        return starts;
    }

    private static DateTimeOffset End(DateTimeOffset start, double? seconds) => seconds is { } known ? start.AddSeconds(known) : DateTimeOffset.MaxValue;
}
