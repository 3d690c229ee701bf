using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace SpinStudio.Faults;

/// <summary>The built <c>spinstudio</c>, run as a process.</summary>
internal static partial class EngineProcess
{
    public const int Terminate = 15, Kill = 9;

    private static string Executable => Path.Combine(
        AppContext.BaseDirectory, "..", "..", "SpinStudio.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "spinstudio");

    public static Process Start(params string[] arguments) => StartBy([], arguments);

    /// <summary>Starts it by another program.</summary>
    /// <param name="launcher">That program and its own arguments; what to start is appended.</param>
    public static Process StartBy(IReadOnlyList<string> launcher, params string[] arguments)
    {
        string[] command = [.. launcher, Path.GetFullPath(Executable), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Runs to the end.</summary>
    public static (int Exit, string Errors) Run(params string[] arguments) => Finish(Start(arguments));

    /// <summary>Runs to the end with so many bytes of address space. Little of it is set aside for .NET, so that libtorch is the first to lack some.</summary>
    public static (int Exit, string Errors) RunWithin(long bytes, params string[] arguments) =>
        Finish(StartBy(["/usr/bin/env", "DOTNET_GCRegionRange=20000000", "/bin/sh", "-c", "ulimit -v $0; exec \"$@\"", $"{bytes / 1024}"], arguments));

    /// <summary>What a started process says to its end.</summary>
    public static (int Exit, string Errors) Finish(Process started)
    {
        using var process = started;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }

    /// <summary>Largest resident set of a process so far, in bytes.</summary>
    public static long PeakMemory(Process process) =>
        1024 * long.Parse(File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    public static void Signal(Process process, int signal) => Assert.Equal(0, kill(process.Id, signal));

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
