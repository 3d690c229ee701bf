using System.Diagnostics;
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
        var start = new ProcessStartInfo(Path.GetFullPath(Executable)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Runs to the end.</summary>
    public static (int Exit, string Errors) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }

    public static void Signal(Process process, int signal) => Assert.Equal(0, kill(process.Id, signal));

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
