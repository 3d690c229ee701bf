using System.Globalization;

namespace SpinStudio.Engine.Runs;

/// <summary>Memory that this process may use.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes: the least of the machine's, a container's limit, and a limit set on the process (<c>ulimit -v</c>).</summary>
    public static long Limit() => Limits().DefaultIfEmpty(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes).Min();

    private static IEnumerable<long> Limits() => new[]
    {
        Number("/proc/meminfo", "MemTotal:", 1) * 1024,
        Number("/proc/self/limits", "Max address space", 3),
        Number("/sys/fs/cgroup/memory.max", "", 0), // the word max where there is none
        Number("/sys/fs/cgroup/memory/memory.limit_in_bytes", "", 0),
    }.OfType<long>();

    /// <summary>A number on the first line that starts so; null where the file, the line or the number is missing.</summary>
    /// <param name="word">Which word of the line it is, from 0.</param>
    private static long? Number(string file, string start, int word) =>
        File.Exists(file) && File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) is { } found
            && found.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(word) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
