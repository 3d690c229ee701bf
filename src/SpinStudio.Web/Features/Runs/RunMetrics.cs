using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs;

/// <summary>One metric over a run, as parallel arrays. Points are the smallest and largest of each bucket where there are more than fit.</summary>
/// <param name="Step">Optimizer step over all iterations, ascending.</param>
/// <param name="Iteration">Iteration of each point.</param>
/// <param name="Value">Null where it was not finite: a gap.</param>
/// <param name="Tokens">Tokens trained on up to each point, over all iterations.</param>
/// <param name="At">When each point was made, in milliseconds since 1970 UTC.</param>
/// <param name="Mean">Mean of the bucket that each point stands for, what a smoothed curve follows; null when nothing was left out.</param>
public sealed record MetricSeries(
    string Name, IReadOnlyList<long> Step, IReadOnlyList<int> Iteration, IReadOnlyList<double?> Value, IReadOnlyList<long> Tokens, IReadOnlyList<long> At, IReadOnlyList<float?>? Mean)
{
    public bool Downsampled => Mean is not null;
}

/// <param name="FirstStep">Optimizer step over all iterations at which it begins.</param>
public sealed record IterationStart(int Iteration, long FirstStep);

/// <param name="LastSeq">The series hold everything up to this journal sequence number; a live subscription continues from it.</param>
public sealed record RunSeries(long LastSeq, IReadOnlyList<IterationStart> Iterations, IReadOnlyList<MetricSeries> Series);

/// <summary>Which part of the curves to read.</summary>
/// <param name="Names">Null: all metrics of the run.</param>
/// <param name="From">First optimizer step over all iterations; null: the beginning.</param>
/// <param name="To">Last one; null: the end.</param>
public sealed record SeriesQuery(IReadOnlyList<string>? Names = null, long? From = null, long? To = null, int MaxPoints = RunMetrics.MaxPoints);

/// <summary>Training curves. Short stretches are read point by point, long ones from <see cref="MetricBlock"/>s, so that the cost does not grow with the run.</summary>
public sealed class RunMetrics(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public const int MaxPoints = 1000;

    /// <summary>Steps up to which every point is read.</summary>
    private const long EveryPoint = 4000;

    /// <summary>Steps up to which the finer blocks are read: beyond, the coarse ones still are more than half as many as there may be points.</summary>
    private const long FineBlocks = 80_000;

    /// <param name="names">Null: all metrics of the run.</param>
    public Task<RunSeries> SeriesAsync(Guid runId, IReadOnlyList<string>? names = null, int maxPoints = MaxPoints, CancellationToken cancellation = default) =>
        SeriesAsync(runId, new SeriesQuery(names, MaxPoints: maxPoints), cancellation);

    public async Task<RunSeries> SeriesAsync(Guid runId, SeriesQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // Points up to a sequence number that is already committed: no lock, and a live subscription continues exactly there.
        var lastSeq = await CheckAsync(db, runId, cancellation);
        var (from, to) = (query.From ?? 0, query.To ?? long.MaxValue);
        var names = query.Names is { Count: > 0 } wanted ? wanted : null;
        var last = Math.Min(to, await LastStepAsync(db, runId, cancellation));
        var points = last - from < EveryPoint
            ? await PointsAsync(db, runId, names, from, to, lastSeq, cancellation)
            : await BlocksAsync(db, runId, names, from, to, lastSeq, last - from < FineBlocks ? MetricBlock.Sizes[0] : MetricBlock.Sizes[^1], cancellation);
        var most = Math.Clamp(query.MaxPoints, 4, MaxPoints);
        return new RunSeries(lastSeq, await IterationsAsync(db, runId, cancellation), [.. points.GroupBy(point => point.Name).Select(group => Series(group.Key, [.. group], most))]);
    }

    /// <summary>The newest value of each metric.</summary>
    public async Task<IReadOnlyDictionary<string, double?>> LatestAsync(Guid runId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var last = await NewestAsync(db, runId, cancellation);
        if (last is null)
        {
            return new Dictionary<string, double?>();
        }

        var coarse = MetricBlock.Sizes[^1];
        var first = last.GlobalStep - (last.Step % coarse);
        var names = await db.MetricBlocks.Where(block => block.RunId == runId && block.Size == coarse && block.First == first).Select(block => block.Name).ToListAsync(cancellation);
        return await db.MetricPoints.Where(point => point.RunId == runId && point.Iteration == last.Iteration && names.Contains(point.Name) && point.Step == last.Step)
            .ToDictionaryAsync(point => point.Name, point => point.Value, cancellation);
    }

    /// <summary>Every point, in the order of steps.</summary>
    /// <param name="names">Null: all metrics.</param>
    internal async IAsyncEnumerable<MetricPoint> AllAsync(Guid runId, IReadOnlyList<string>? names, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var points = db.MetricPoints.AsNoTracking().Where(point => point.RunId == runId);
        if (names is { Count: > 0 })
        {
            points = points.Where(point => names.Contains(point.Name));
        }

        await foreach (var point in points.OrderBy(point => point.GlobalStep).ThenBy(point => point.Name).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            yield return point;
        }
    }

    private async Task<long> CheckAsync(StudioDb db, Guid runId, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        return await db.Runs.Where(run => run.Id == runId && run.TeamId == me.TeamId).Select(run => (long?)run.LastSeq).FirstOrDefaultAsync(cancellation)
            ?? throw StudioException.NotFound("run");
    }

    private static async Task<long> LastStepAsync(StudioDb db, Guid runId, CancellationToken cancellation) => (await NewestAsync(db, runId, cancellation))?.GlobalStep ?? 0;

    /// <summary>A point of the newest step. Every event carries a loss; the index on it finds the last one at once.</summary>
    private static Task<MetricPoint?> NewestAsync(StudioDb db, Guid runId, CancellationToken cancellation) =>
        db.MetricPoints.AsNoTracking().Where(point => point.RunId == runId && point.Name == "loss").OrderByDescending(point => point.GlobalStep).FirstOrDefaultAsync(cancellation);

    private static async Task<IReadOnlyList<IterationStart>> IterationsAsync(StudioDb db, Guid runId, CancellationToken cancellation)
    {
        var numbers = await db.Iterations.Where(row => row.RunId == runId).Select(row => row.Number).ToListAsync(cancellation);
        return await db.MetricPoints.Where(point => point.RunId == runId && numbers.Contains(point.Iteration) && point.Name == "loss" && point.Step == 0)
            .OrderBy(point => point.Iteration).Select(point => new IterationStart(point.Iteration, point.GlobalStep)).ToListAsync(cancellation);
    }

    private static async Task<List<Point>> PointsAsync(StudioDb db, Guid runId, IReadOnlyList<string>? names, long from, long to, long lastSeq, CancellationToken cancellation)
    {
        var points = db.MetricPoints.Where(point => point.RunId == runId && point.Seq <= lastSeq && point.GlobalStep >= from && point.GlobalStep <= to);
        names ??= await NamesAsync(db, runId, cancellation);
        return await points.Where(point => names.Contains(point.Name)).OrderBy(point => point.Name).ThenBy(point => point.GlobalStep)
            .Select(point => new Point(point.Name, point.GlobalStep, point.Iteration, point.Value, point.Tokens, point.At, point.Value)).ToListAsync(cancellation);
    }

    /// <summary>Names of the run's metrics; by name the index finds a stretch of points without reading the others.</summary>
    private static Task<List<string>> NamesAsync(StudioDb db, Guid runId, CancellationToken cancellation)
    {
        var coarse = MetricBlock.Sizes[^1];
        return db.MetricBlocks.Where(block => block.RunId == runId && block.Size == coarse).Select(block => block.Name).Distinct().ToListAsync(cancellation);
    }

    /// <summary>Smallest and largest point of each block; the newest block, which still grows, point by point.</summary>
    private static async Task<List<Point>> BlocksAsync(StudioDb db, Guid runId, IReadOnlyList<string>? names, long from, long to, long lastSeq, int size, CancellationToken cancellation)
    {
        names ??= await NamesAsync(db, runId, cancellation);
        var blocks = await db.MetricBlocks.AsNoTracking()
            .Where(block => block.RunId == runId && block.Size == size && names.Contains(block.Name) && block.First > from - size && block.First <= to)
            .OrderBy(block => block.Name).ThenBy(block => block.First).ToListAsync(cancellation);
        var newest = blocks.Count == 0 ? 0 : blocks.Max(block => block.First);
        var tail = (await PointsAsync(db, runId, names, newest, to, lastSeq, cancellation)).ToLookup(point => point.Name);
        return [.. blocks.Where(block => block.First < newest).GroupBy(block => block.Name)
            .SelectMany(group => group.SelectMany(Extremes).Where(point => point.Step >= from && point.Step <= to).Concat(tail[group.Key]))];
    }

    private static IEnumerable<Point> Extremes(MetricBlock block)
    {
        double? mean = block.Count > 0 ? block.Sum / block.Count : null;
        var low = new Point(block.Name, block.LowStep, block.Iteration, block.Low, block.LowTokens, block.LowAt, mean);
        var high = new Point(block.Name, block.HighStep, block.Iteration, block.High, block.HighTokens, block.HighAt, mean);
        return low.Step == high.Step ? [low] : low.Step < high.Step ? [low, high] : [high, low];
    }

    private static MetricSeries Series(string name, Point[] points, int maxPoints)
    {
        var kept = points.Length <= maxPoints ? [.. Enumerable.Range(0, points.Length)] : MinMax.Pick([.. points.Select(point => point.Value)], maxPoints);
        var thinned = kept.Count < points.Length || points.Any(point => point.Mean != point.Value);
        return new MetricSeries(
            name, [.. kept.Select(i => points[i].Step)], [.. kept.Select(i => points[i].Iteration)], [.. kept.Select(i => points[i].Value)],
            [.. kept.Select(i => points[i].Tokens)], [.. kept.Select(i => points[i].At.ToUnixTimeMilliseconds())], thinned ? Means(points, kept) : null);
    }

    /// <summary>Each kept point stands for those between its neighbours: the mean of their means, halves shared.</summary>
    private static List<float?> Means(Point[] points, List<int> kept)
    {
        var means = new List<float?>(kept.Count);
        for (var k = 0; k < kept.Count; k++)
        {
            var first = k == 0 ? 0 : (kept[k - 1] + kept[k] + 1) / 2;
            var last = k == kept.Count - 1 ? points.Length - 1 : (kept[k] + kept[k + 1]) / 2;
            var (sum, count) = (0.0, 0);
            for (var i = first; i <= last; i++)
            {
                if (points[i].Mean is { } mean && points[i].Iteration == points[kept[k]].Iteration)
                {
                    (sum, count) = (sum + mean, count + 1);
                }
            }

            means.Add(count == 0 ? null : (float)(sum / count));
        }

        return means;
    }

    private sealed record Point(string Name, long Step, int Iteration, double? Value, long Tokens, DateTimeOffset At, double? Mean);
}
