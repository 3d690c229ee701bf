using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Status;

/// <summary>How busy the machine is.</summary>
/// <param name="CpuShare">Of all cores, 0..1.</param>
/// <param name="DataBytes">Taken by the data directory.</param>
/// <param name="Device">What training runs on, such as "CPU, 2 cores".</param>
public sealed record SystemGauges(
    double CpuShare, int Cores, long MemoryUsed, long MemoryTotal, long DiskFree, long DiskTotal, long DataBytes, string Device, int RunningRuns, int QueuedRuns, int Slots);

/// <summary>Gauges of the machine that the studio runs on. May be asked every second.</summary>
public sealed class SystemStatus(IDbContextFactory<StudioDb> databases, MachineMeter meter, IOptions<StudioOptions> options)
{
    public async Task<SystemGauges> GaugesAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var running = await db.Runs.CountAsync(run => run.Status == RunStatus.Running || run.Status == RunStatus.Stopping, cancellation);
        var queued = await db.Runs.CountAsync(run => run.Status == RunStatus.Queued, cancellation);
        var device = await db.Runs.Where(run => run.Device != null).OrderByDescending(run => run.StartedAt).Select(run => run.Device).FirstOrDefaultAsync(cancellation);
        var (used, total) = MachineMeter.Memory();
        var (free, size) = meter.Disk();
        return new SystemGauges(
            meter.CpuShare(), Environment.ProcessorCount, used, total, free, size, meter.DataBytes(),
            device ?? string.Create(CultureInfo.InvariantCulture, $"CPU, {Environment.ProcessorCount} cores"), running, queued, options.Value.Slots);
    }
}
