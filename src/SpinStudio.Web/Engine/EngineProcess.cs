using System.Diagnostics;

namespace SpinStudio.Web.Engine;

/// <summary>One engine process that works on a run: started here, or found alive after a restart of the studio.</summary>
internal sealed class EngineProcess : IDisposable
{
    private readonly Process? child;
    private readonly DateTimeOffset startedAt;

    private EngineProcess(int pid, DateTimeOffset startedAt, Process? child)
    {
        Pid = pid;
        this.startedAt = startedAt;
        this.child = child;
    }

    public int Pid { get; }

    public bool HasExited => child?.HasExited ?? !ProcessTable.IsAlive(Pid, startedAt);

    /// <summary>Exit code; 128 + n after signal n. Null while it runs, and for a process that was not started here: only its parent learns it.</summary>
    public int? ExitCode => child is { HasExited: true } ? child.ExitCode : null;

    /// <summary>Starts the engine on a run folder. Its output goes to the folder's log.</summary>
    /// <param name="program">Program and leading arguments.</param>
    public static EngineProcess Start(IReadOnlyList<string> program, string runFolder, bool resume, int niceness)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = runFolder, UseShellExecute = false };
        foreach (var argument in Arguments(program, runFolder, resume, niceness))
        {
            start.ArgumentList.Add(argument);
        }

        // libgomp's busy-waiting makes every parallel operator slow beside a busy neighbour, and the pages are one.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        var child = Process.Start(start)!;
        return new EngineProcess(child.Id, default, child);
    }

    /// <summary>The process that holds a run folder's lease, if it is alive on this machine.</summary>
    public static EngineProcess? Attach(string runFolder) =>
        LeaseFile.Read(runFolder) is { } lease && lease.Host == Environment.MachineName && ProcessTable.IsAlive(lease.Pid, lease.StartedAt)
            ? new EngineProcess(lease.Pid, lease.StartedAt, child: null)
            : null;

    /// <summary>Asks for a checkpoint and an end.</summary>
    public void Terminate() => ProcessTable.Signal(Pid, ProcessTable.Terminate);

    public void Kill() => ProcessTable.Signal(Pid, ProcessTable.Kill);

    public void Dispose() => child?.Dispose();

    /// <summary>
    /// The script is fixed; everything that varies is a positional argument of it. Each step replaces the one before (exec), so the process id stays the
    /// engine's own. setsid keeps a Ctrl+C in the studio's terminal from reaching it: the studio decides what its engines are told.
    /// </summary>
    private static IEnumerable<string> Arguments(IReadOnlyList<string> program, string runFolder, bool resume, int niceness)
    {
        string[] head = ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "engine", EngineLog.PathIn(runFolder)];
        string[] session = Tool("setsid") is { } setsid ? [setsid] : [];
        string[] nice = niceness > 0 && Tool("nice") is { } tool ? [tool, "-n", niceness.ToString(System.Globalization.CultureInfo.InvariantCulture)] : [];
        string[] train = ["train", Path.Combine(runFolder, "run.json"), "--out", runFolder];
        return [.. head, .. session, .. nice, .. program, .. train, .. resume ? (string[])["--resume"] : []];
    }

    private static string? Tool(string name) => new[] { $"/usr/bin/{name}", $"/bin/{name}" }.FirstOrDefault(File.Exists);
}
