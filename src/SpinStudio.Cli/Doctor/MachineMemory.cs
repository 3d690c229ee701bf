using System.Globalization;

namespace SpinStudio.Cli.Doctor;

/// <summary>Memory of this machine, or of the container that the process runs in.</summary>
internal static class MachineMemory
{
    public static MemoryFigures Read()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes; // knows a container's limit
        var machine = File.Exists("/proc/meminfo") ? Field("MemAvailable:") : limit;
        return new MemoryFigures(limit, Math.Min(limit, machine));
    }

    /// <summary>A field of <c>/proc/meminfo</c>, there in kB, in bytes.</summary>
    private static long Field(string name) =>
        File.ReadLines("/proc/meminfo").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            ? long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024
            : 0;
}
