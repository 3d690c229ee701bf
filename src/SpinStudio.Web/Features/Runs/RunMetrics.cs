namespace SpinStudio.Web.Features.Runs;

/// <summary>One metric over a run, as parallel arrays. Points are the smallest and largest of each bucket where there are more than fit.</summary>
/// <param name="Step">Optimizer step over all iterations, ascending.</param>
/// <param name="Iteration">Iteration of each point.</param>
/// <param name="Value">Null where it was not finite: a gap.</param>
public sealed record MetricSeries(string Name, IReadOnlyList<long> Step, IReadOnlyList<int> Iteration, IReadOnlyList<double?> Value, bool Downsampled);

/// <param name="LastSeq">The series hold everything up to this journal sequence number; a live subscription continues from it.</param>
public sealed record RunSeries(long LastSeq, IReadOnlyList<MetricSeries> Series);

/// <summary>Training curves.</summary>
public sealed class RunMetrics
{
    public const int MaxPoints = 1000;

    /// <param name="names">Null: all metrics of the run.</param>
    public Task<RunSeries> SeriesAsync(Guid runId, IReadOnlyList<string>? names = null, int maxPoints = MaxPoints, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The newest value of each metric.</summary>
    public Task<IReadOnlyDictionary<string, double?>> LatestAsync(Guid runId, CancellationToken cancellation = default) => throw new NotImplementedException();
}
