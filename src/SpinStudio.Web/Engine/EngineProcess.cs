using System.Diagnostics;
using System.Globalization;
using SpinStudio.Engine.Generation.Elsewhere;

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
    /// <param name="relay">The socket that its requests to a model server go to: it connects to nothing else, whatever its config says.</param>
    public static EngineProcess Start(IReadOnlyList<string> program, string runFolder, bool resume, int niceness, string relay)
    {
        var command = Command(program, runFolder, resume, niceness).ToList();
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = runFolder, UseShellExecute = false };

        // libgomp's busy-waiting makes every parallel operator slow beside a busy neighbour, and the pages are one.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        start.Environment[Relay.Variable] = relay;
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
    /// engine's own.
    /// </summary>
    /// <remarks>
    /// setsid keeps a Ctrl+C in the studio's terminal from reaching the engine: the studio decides what its engines are told. But Linux shares the processor
    /// between sessions first, and niceness counts only within one; so the new session as a whole is made nice too.
    /// </remarks>
    private static IEnumerable<string> Command(IReadOnlyList<string> program, string runFolder, bool resume, int niceness)
    {
        const string script = "log=$1; session=$2; shift 2; if [ -n \"$session\" ]; then { echo \"$session\" >/proc/self/autogroup; } 2>/dev/null; fi; exec \"$@\" >>\"$log\" 2>&1 </dev/null";
        var level = niceness.ToString(CultureInfo.InvariantCulture);
        var setsid = Tool("setsid");
        string[] session = setsid is null ? [] : [setsid];
        string[] shell = ["/bin/sh", "-c", script, "engine", EngineLog.PathIn(runFolder), setsid is null ? "" : level];
        string[] nice = niceness > 0 && Tool("nice") is { } tool ? [tool, "-n", level] : [];
        string[] train = ["train", Path.Combine(runFolder, "run.json"), "--out", runFolder];
        return [.. session, .. shell, .. nice, .. program, .. train, .. resume ? (string[])["--resume"] : []];
    }

    private static string? Tool(string name) => new[] { $"/usr/bin/{name}", $"/bin/{name}" }.FirstOrDefault(File.Exists);
}
