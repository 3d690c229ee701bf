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

    public static Process Start(params string[] arguments)
    {
        var start = Described(Path.GetFullPath(Executable));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Begin(start);
    }

    private static ProcessStartInfo Described(string program)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        return start;
    }

    private static Process Begin(ProcessStartInfo start)
    {
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Runs to the end.</summary>
    public static (int Exit, string Errors) Run(params string[] arguments) => Finish(Start(arguments));

    /// <summary>Runs to the end with so many bytes of address space. Little of it is set aside for .NET, so that libtorch is the first to lack some.</summary>
    public static (int Exit, string Errors) RunWithin(long bytes, params string[] arguments)
    {
        var start = Described("/bin/sh");
        start.Environment["DOTNET_GCRegionRange"] = "20000000";
        foreach (var argument in (string[])["-c", "ulimit -v $0; exec \"$@\"", $"{bytes / 1024}", Path.GetFullPath(Executable), .. arguments])
            start.ArgumentList.Add(argument);
        return Finish(Begin(start));
    }

    /// <summary>Largest resident set of a process so far, in bytes.</summary>
    public static long PeakMemory(Process process) =>
        1024 * long.Parse(File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static (int Exit, string Errors) Finish(Process started)
    {
        using var process = started;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }

    public static void Signal(Process process, int signal) => Assert.Equal(0, kill(process.Id, signal));

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
