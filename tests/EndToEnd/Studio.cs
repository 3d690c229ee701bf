using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace EndToEnd;

/// <summary>The real web app on a free loopback port and a data folder of its own, with the real engine behind it.</summary>
internal sealed class Studio : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<string> _log = [];
    private readonly Dictionary<string, string> _settings;
    private Process? _process;

    private Studio(Dictionary<string, string> settings) => _settings = settings;

    public string Data { get; } = Directory.CreateTempSubdirectory("spinstudio-e2e-").FullName;

    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";

    /// <summary>What the server said, newest last.</summary>
    public string Log => string.Join('\n', _log);

    /// <param name="sampleRun">Config of the run that the new studio starts by itself; null: a studio without the bundled sample.</param>
    /// <param name="settings">Further settings, such as Studio__Slots.</param>
    public static async Task<Studio> StartAsync(string? sampleRun = null, params (string Key, string Value)[] settings)
    {
        var studio = new Studio(settings.ToDictionary());
        studio._settings.Add(sampleRun is null ? "Studio__Seed" : "Studio__SampleRun", sampleRun ?? "false");
        try
        {
            await studio.StartAgainAsync();
            return studio;
        }
        catch
        {
            await studio.DisposeAsync(); // nobody else holds it yet
            throw;
        }
    }

    /// <summary>Starts the server on the same data and port, after <see cref="StopAsync"/> or <see cref="Kill"/>.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Data };
        foreach (var argument in (string[])[Repository.Web, "--urls", Address, "--data", Data])
            start.ArgumentList.Add(argument);
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        foreach (var (key, value) in _settings)
            start.Environment[key] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await WaitUntilHealthyAsync();
    }

    /// <summary>Ends the server as a service manager does: SIGTERM, then wait.</summary>
    public async Task StopAsync()
    {
        using (Process.Start("kill", ["-TERM", $"{_process!.Id}"]))
        {
        }

        using var limit = new CancellationTokenSource(StopLimit);
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
        _process = null;
    }

    /// <summary>Ends the server as a crash does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Processes of engines that work on this studio's runs now.</summary>
    public IReadOnlyList<int> Engines() =>
        [.. Directory.EnumerateFiles(Data, "lease.json", SearchOption.AllDirectories)
            .Select(lease => (int)JsonNode.Parse(File.ReadAllText(lease))!["pid"]!)
            .Where(pid => CommandLine(pid).Contains(Data, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            Kill();
        Directory.CreateDirectory(Repository.In("artifacts", "test-results"));
        await File.WriteAllTextAsync(Repository.In("artifacts", "test-results", $"studio-{new Uri(Address).Port}.log"), Log);
        await EndEnginesAsync();
        Directory.Delete(Data, recursive: true);
    }

    /// <summary>Engines outlive their server, as they should; here they are ours to end.</summary>
    private async Task EndEnginesAsync()
    {
        foreach (var pid in Engines())
        {
            using var engine = Process.GetProcessById(pid);
            engine.Kill();
            await engine.WaitForExitAsync();
        }
    }

    /// <summary>Empty when there is no such process any more.</summary>
    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private async Task WaitUntilHealthyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < StartLimit)
        {
            if (_process!.HasExited)
                throw new InvalidOperationException($"The server ended with {_process.ExitCode}:\n{Log}");
            try
            {
                using var response = await client.GetAsync(new Uri(Address + "/healthz"));
                if (response.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"The server was not healthy within {StartLimit}:\n{Log}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
