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
public sealed record MetricSeries(
    string Name, IReadOnlyList<long> Step, IReadOnlyList<int> Iteration, IReadOnlyList<double?> Value, IReadOnlyList<long> Tokens, IReadOnlyList<long> At, bool Downsampled);

/// <param name="LastSeq">The series hold everything up to this journal sequence number; a live subscription continues from it.</param>
public sealed record RunSeries(long LastSeq, IReadOnlyList<MetricSeries> Series);

/// <summary>Training curves.</summary>
public sealed class RunMetrics(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public const int MaxPoints = 1000;

    /// <param name="names">Null: all metrics of the run.</param>
    public async Task<RunSeries> SeriesAsync(Guid runId, IReadOnlyList<string>? names = null, int maxPoints = MaxPoints, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // Points up to a sequence number that is already committed: no lock, and a live subscription continues exactly there.
        var lastSeq = await CheckAsync(db, runId, cancellation);
        var points = db.MetricPoints.Where(point => point.RunId == runId && point.Seq <= lastSeq);
        if (names is { Count: > 0 })
        {
            points = points.Where(point => names.Contains(point.Name));
        }

        var rows = await points.OrderBy(point => point.Name).ThenBy(point => point.GlobalStep)
            .Select(point => new Point(point.Name, point.GlobalStep, point.Iteration, point.Value, point.Tokens, point.At)).ToListAsync(cancellation);
        return new RunSeries(lastSeq, [.. rows.GroupBy(row => row.Name).Select(group => Series(group.Key, [.. group], Math.Clamp(maxPoints, 4, MaxPoints)))]);
    }

    /// <summary>The newest value of each metric.</summary>
    public async Task<IReadOnlyDictionary<string, double?>> LatestAsync(Guid runId, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        var last = await db.MetricPoints.Where(point => point.RunId == runId).MaxAsync(point => (long?)point.GlobalStep, cancellation);
        return last is null
            ? new Dictionary<string, double?>()
            : await db.MetricPoints.Where(point => point.RunId == runId && point.GlobalStep == last).ToDictionaryAsync(point => point.Name, point => point.Value, cancellation);
    }

    /// <summary>Every point of every metric, in the order of steps.</summary>
    internal async IAsyncEnumerable<MetricPoint> AllAsync(Guid runId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await CheckAsync(db, runId, cancellation);
        await foreach (var point in db.MetricPoints.AsNoTracking().Where(point => point.RunId == runId).OrderBy(point => point.GlobalStep).ThenBy(point => point.Name)
            .AsAsyncEnumerable().WithCancellation(cancellation))
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

    private static MetricSeries Series(string name, Point[] points, int maxPoints)
    {
        var kept = points.Length <= maxPoints ? [.. Enumerable.Range(0, points.Length)] : MinMax.Pick([.. points.Select(point => point.Value)], maxPoints);
        return new MetricSeries(
            name, [.. kept.Select(i => points[i].Step)], [.. kept.Select(i => points[i].Iteration)], [.. kept.Select(i => points[i].Value)],
            [.. kept.Select(i => points[i].Tokens)], [.. kept.Select(i => points[i].At.ToUnixTimeMilliseconds())], kept.Count < points.Length);
    }

    private sealed record Point(string Name, long Step, int Iteration, double? Value, long Tokens, DateTimeOffset At);
}
