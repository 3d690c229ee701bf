using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Bench.Peer;

/// <summary>One side of a comparison: a process of its own that is given one command at a time, so that the other side is idle meanwhile and memory is told apart.</summary>
internal sealed class Side : IDisposable
{
    private readonly Process _process;

    private Side(string name, string program, params string[] arguments)
    {
        Name = name;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        _process = Process.Start(start)!;
    }

    public string Name { get; }

    public static Side Ours(string folder) => Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) != "dotnet"
        ? new("SpinStudio", self, "worker", folder)
        : new("SpinStudio", "dotnet", typeof(Side).Assembly.Location, "worker", folder);

    public static Side PyTorch(string folder) => new("PyTorch", "/usr/bin/python3", Path.Combine(Repository.Bench, "peer", "worker.py"), folder);

    public static Side LlamaCpp(string folder) => new("llama.cpp", "node", Path.Combine(Repository.Bench, "peer", "llama-cpp.mjs"), folder, Repository.LlamaCpp);

    /// <summary>Does a command and waits for it.</summary>
    /// <param name="arguments">Its arguments, by name.</param>
    /// <returns>What it answers; <c>seconds</c> is always there.</returns>
    public JsonNode Do(string command, object? arguments = null)
    {
        var line = JsonSerializer.SerializeToNode(arguments ?? new { })!.AsObject();
        line["do"] = command;
        _process.StandardInput.WriteLine(line.ToJsonString());
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{Name} ended during '{command}'");
        return JsonNode.Parse(answer)!;
    }

    /// <summary>Does a command and tells how long it took.</summary>
    public double Seconds(string command, object? arguments = null) => (double)Do(command, arguments)["seconds"]!;

    /// <summary>Peak of its memory since this was last asked, in MB.</summary>
    public double PeakMegabytes() => (double)Do("memory")["peak"]! / 1e6;

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
