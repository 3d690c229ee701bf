using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SpinStudio.Web.Engine;

/// <summary>What the system knows of other processes.</summary>
internal static class ProcessTable
{
    public const int Terminate = 15;
    public const int Kill = 9;

    /// <summary>Clock steps and rounding between two ways of telling a start time.</summary>
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(3);

    /// <summary>A living process with this id that started then. A later process that was given the same id is another one.</summary>
    public static bool IsAlive(int pid, DateTimeOffset startedAt)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !IsZombie(pid) && (process.StartTime.ToUniversalTime() - startedAt.UtcDateTime).Duration() <= StartTolerance;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Asks a process to end. False when it is no longer there.</summary>
    public static bool Signal(int pid, int signal) => Send(pid, signal) == 0;

    /// <summary>Ended, but its parent has not taken note yet.</summary>
    private static bool IsZombie(int pid)
    {
        var stat = $"/proc/{pid}/stat";
        if (!File.Exists(stat))
        {
            return false;
        }

        try
        {
            var text = File.ReadAllText(stat);
            // The name in parentheses may hold anything; the state follows the last one.
            var state = text.AsSpan(text.LastIndexOf(')') + 1).TrimStart();
            return state is ['Z' or 'X', ..];
        }
        catch (IOException)
        {
            return true;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Send(int pid, int signal);
}
