namespace SpinStudio.Web.Features.Runs.Queue;

/// <summary>One run in the forecast.</summary>
/// <param name="Seconds">What is left of it; null when nobody knows.</param>
internal sealed record ForecastRun(Guid Id, Guid TeamId, double? Seconds);

/// <summary>When waiting runs will start: a slot that comes free takes the first run whose team is within its quota.</summary>
internal static class QueueForecast
{
    /// <param name="working">Runs that hold a slot now.</param>
    /// <param name="waiting">In their order; held ones left out.</param>
    /// <param name="quotas">Runs at the same time, for the teams that have a limit.</param>
    /// <returns>The start of every waiting run, as far as it can be told.</returns>
    public static IReadOnlyDictionary<Guid, DateTimeOffset> Starts(
        DateTimeOffset now, int slots, IEnumerable<ForecastRun> working, IEnumerable<ForecastRun> waiting, IReadOnlyDictionary<Guid, int> quotas)
    {
        var free = new PriorityQueue<int, DateTimeOffset>();
        var ends = new List<(Guid Team, DateTimeOffset At)>();
        foreach (var run in working)
        {
            ends.Add((run.TeamId, End(now, run.Seconds)));
            free.Enqueue(0, ends[^1].At);
        }

        for (var slot = ends.Count; slot < Math.Max(1, slots); slot++)
        {
            free.Enqueue(0, now);
        }

        var starts = new Dictionary<Guid, DateTimeOffset>();
        var left = waiting.ToList();
        while (left.Count > 0 && free.TryDequeue(out _, out var at) && at < DateTimeOffset.MaxValue)
        {
            var next = left.FindIndex(run => !quotas.TryGetValue(run.TeamId, out var quota) || ends.Count(end => end.Team == run.TeamId && end.At > at) < quota);
            if (next < 0)
            {
                free.Enqueue(0, ends.Where(end => end.At > at).Select(end => end.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min()); // idle until somebody ends
                continue;
            }

            starts[left[next].Id] = at;
            ends.Add((left[next].TeamId, End(at, left[next].Seconds)));
            free.Enqueue(0, ends[^1].At);
            left.RemoveAt(next);
        }

        return starts;
    }

    private static DateTimeOffset End(DateTimeOffset start, double? seconds) => seconds is { } known ? start.AddSeconds(known) : DateTimeOffset.MaxValue;
}
