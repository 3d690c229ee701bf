using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace SpinStudio.Web.Engine;

/// <summary>An engine process that answers with one model, over a socket that only this account may open. It ends with the studio, for its standard input does.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private const int Slots = 4;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly Process process;
    private readonly DirectoryInfo folder;

    private ModelServer(Process process, DirectoryInfo folder, string socket)
    {
        (this.process, this.folder) = (process, folder);
        Http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        }) { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Speaks the OpenAI API; see <c>spinstudio serve</c>.</summary>
    public HttpClient Http { get; }

    public bool HasExited => process.HasExited;

    /// <summary>Starts a server and waits until it has loaded the model.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the engine's own words.</exception>
    public static async Task<ModelServer> StartAsync(IReadOnlyList<string> program, string modelFolder, CancellationToken cancellation)
    {
        // A folder of its own, closed to others; a socket's path must be short.
        var folder = Directory.CreateTempSubdirectory("spinstudio-");
        var socket = Path.Combine(folder.FullName, "socket");
        string[] arguments = ["serve", "--model", modelFolder, "--socket", socket, "--name", "model", "--slots", Slots.ToString(CultureInfo.InvariantCulture), "--until-input-ends"];
        var start = new ProcessStartInfo(program[0], program.Skip(1).Concat(arguments)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        var server = new ModelServer(Process.Start(start)!, folder, socket);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(StartLimit);
            var error = server.process.StandardError.ReadToEndAsync(CancellationToken.None);
            if (await server.process.StandardOutput.ReadLineAsync(limit.Token) is null)
            {
                throw new InvalidOperationException((await error).Trim() is { Length: > 0 } words ? words : "the engine ended without a word");
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        process.StandardInput.Close();
        using (var limit = new CancellationTokenSource(EndLimit))
        {
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }

        process.Dispose();
        folder.Delete(recursive: true);
    }
}
