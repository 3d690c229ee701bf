using System.Diagnostics;
using System.Net.Sockets;

namespace SpinStudio.Bench.Live;

/// <summary>The built web app on a free loopback port and a data folder of its own.</summary>
internal sealed class Studio : IAsyncDisposable
{
    private Process? process;

    public string Data { get; } = Directory.CreateTempSubdirectory("spinstudio-live-").FullName;

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort()}");

    public async Task StartAsync()
    {
        var app = Path.Combine(Repository(), "artifacts", "bin", "SpinStudio.Web", "release", "SpinStudio.Web.dll");
        var start = new ProcessStartInfo("dotnet", [app, "--urls", Address.ToString(), "--data", Data]) { RedirectStandardOutput = true };
        start.Environment["Studio__Seed"] = "false";
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        using var client = new HttpClient();
        for (var attempt = 0; attempt < 3000; attempt++)
        {
            try
            {
                if ((await client.GetAsync(new Uri(Address, "healthz"))).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }

        throw new TimeoutException("The studio did not start within five minutes.");
    }

    public async Task StopAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await StopAsync();
        }

        Directory.Delete(Data, recursive: true);
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "SpinStudio.sln")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar)) ?? throw new InvalidOperationException("This program runs inside the repository.");
        }

        return folder;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
