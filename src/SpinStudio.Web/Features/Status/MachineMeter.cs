using System.Globalization;

namespace SpinStudio.Web.Features.Status;

/// <summary>Reads the machine's own figures from /proc and the file system; cheap enough to ask often, whoever asks.</summary>
public sealed class MachineMeter(StudioPaths paths, TimeProvider time)
{
    private static readonly TimeSpan CpuInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DiskInterval = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private (long Busy, long Total, DateTimeOffset At) lastCpu;
    private double cpuShare;
    private (long Bytes, DateTimeOffset At) lastData;

    /// <summary>Share of all cores that was busy since it was last measured, 0..1.</summary>
    public double CpuShare()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (now - lastCpu.At < CpuInterval)
            {
                return cpuShare;
            }

            var (busy, total) = CpuTicks();
            if (total > lastCpu.Total && lastCpu.Total > 0)
            {
                cpuShare = Math.Clamp((busy - lastCpu.Busy) / (double)(total - lastCpu.Total), 0, 1);
            }

            lastCpu = (busy, total, now);
            return cpuShare;
        }
    }

    /// <summary>Used and total memory, in bytes.</summary>
    public static (long Used, long Total) Memory()
    {
        if (!File.Exists("/proc/meminfo"))
        {
            var info = GC.GetGCMemoryInfo();
            return (info.MemoryLoadBytes, info.TotalAvailableMemoryBytes);
        }

        var lines = File.ReadAllLines("/proc/meminfo");
        var total = Kibibytes("MemTotal:");
        return ((total - Kibibytes("MemAvailable:")) * 1024, total * 1024);

        long Kibibytes(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
                ? long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture)
                : 0;
    }

    /// <summary>Free and total bytes of the disk that holds the data directory.</summary>
    public (long Free, long Total) Disk()
    {
        var drive = new DriveInfo(paths.Data);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    }

    /// <summary>Bytes in the data directory, at most half a minute old.</summary>
    public long DataBytes()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (now - lastData.At >= DiskInterval)
            {
                lastData = (FolderSize.Of(paths.Data), now);
            }

            return lastData.Bytes;
        }
    }

    private static (long Busy, long Total) CpuTicks()
    {
        if (!File.Exists("/proc/stat"))
        {
            return (0, 0);
        }

        // cpu user nice system idle iowait irq softirq steal
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        var total = fields.Sum();
        return (total - fields[3] - fields[4], total);
    }
}
