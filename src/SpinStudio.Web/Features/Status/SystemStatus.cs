namespace SpinStudio.Web.Features.Status;

/// <summary>How busy the machine is.</summary>
/// <param name="CpuShare">Of all cores, 0..1.</param>
/// <param name="DataBytes">Taken by the data directory.</param>
/// <param name="Device">What training runs on, such as "CPU, 2 cores".</param>
public sealed record SystemGauges(
    double CpuShare, int Cores, long MemoryUsed, long MemoryTotal, long DiskFree, long DiskTotal, long DataBytes, string Device, int RunningRuns, int QueuedRuns, int Slots);

/// <summary>Gauges of the machine that the studio runs on. May be asked every second.</summary>
public sealed class SystemStatus
{
    public Task<SystemGauges> GaugesAsync(CancellationToken cancellation = default) => throw new NotImplementedException();
}
