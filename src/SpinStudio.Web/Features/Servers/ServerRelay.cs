using SpinStudio.Data;
using SpinStudio.Engine;

namespace SpinStudio.Web.Features.Servers;

/// <summary>
/// Listens on a socket that only this account may open, and passes an engine's requests on to one server of the team: the studio decides where they go, looks at the
/// address it connects to, and adds the key, which the engine never sees.
/// </summary>
internal sealed class ServerRelay : IAsyncDisposable
{
    private const long LongestRequest = 4 << 20, LongestReply = 16 << 20;

    /// <summary>As long as the engine waits for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What an engine may ask for.</summary>
    private static readonly HashSet<(string Method, string Path)> Known = [("GET", "models"), ("POST", "completions"), ("POST", "chat/completions")];

    private readonly WebApplication app;
    private readonly DirectoryInfo folder;
    private readonly string name;

    private ServerRelay(WebApplication app, DirectoryInfo folder, string name) => (this.app, this.folder, this.name) = (app, folder, name);

    /// <param name="name">A link to the socket gets this path; one that a crashed studio left is replaced.</param>
    /// <param name="find">The server; null when the team has it no more.</param>
    public static async Task<ServerRelay> OpenAsync(string name, Func<CancellationToken, Task<TeamServer?>> find, ServerClient client, HttpClient http)
    {
        // A folder of its own, closed to others; a socket's path must be short.
        var folder = Directory.CreateTempSubdirectory("spinstudio-");
        var socket = Path.Combine(folder.FullName, "socket");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socket);
            kestrel.Limits.MaxRequestBodySize = LongestRequest;
        });
        var app = builder.Build();
        app.Run(context => PassAsync(context, find, client, http));
        await app.StartAsync();
        Remove(name);
        File.CreateSymbolicLink(name, socket);
        return new ServerRelay(app, folder, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (new FileInfo(name).LinkTarget?.StartsWith(folder.FullName, StringComparison.Ordinal) == true)
        {
            File.Delete(name);
        }

        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static async Task PassAsync(HttpContext context, Func<CancellationToken, Task<TeamServer?>> find, ServerClient client, HttpClient http)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        try
        {
            await PassOnAsync(context, find, client, http, patience.Token);
        }
        catch (ServerTrouble trouble)
        {
            await SayAsync(context, StatusCodes.Status403Forbidden, trouble.Message);
        }
        catch (BadHttpRequestException refused)
        {
            await SayAsync(context, refused.StatusCode, refused.Message);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            var refused = lost.GetBaseException() as BadInputException;
            await SayAsync(context, refused is null ? StatusCodes.Status502BadGateway : StatusCodes.Status403Forbidden, refused?.Message ?? $"The server gave no answer: {lost.Message}");
        }
    }

    private static async Task PassOnAsync(HttpContext context, Func<CancellationToken, Task<TeamServer?>> find, ServerClient client, HttpClient http, CancellationToken cancellation)
    {
        // The engine asks below the address that its run names; only what follows is its own.
        var path = Known.FirstOrDefault(known => known.Method == context.Request.Method && context.Request.Path.Value!.EndsWith("/" + known.Path, StringComparison.Ordinal)
            && (known.Path != "completions" || !context.Request.Path.Value.EndsWith("/chat/completions", StringComparison.Ordinal))).Path;
        if (path is null)
        {
            await SayAsync(context, StatusCodes.Status404NotFound, "Only models, completions and chat/completions are passed on.");
            return;
        }

        if (await find(cancellation) is not { } server)
        {
            await SayAsync(context, StatusCodes.Status404NotFound, "The server that the run names is none of the team's any more; an Admin adds it again under Settings, then resume the run.");
            return;
        }

        using var request = client.Request(server, new HttpMethod(context.Request.Method), path);
        if (context.Request.Method == "POST")
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, cancellation);
            request.Content = ServerClient.Json(body.ToArray());
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = "application/json";
        if (response.Headers.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = wait.ToString();
        }

        await CopyAsync(await response.Content.ReadAsStreamAsync(cancellation), context, cancellation);
    }

    /// <summary>A reply without end is cut: the engine then reads a torn one, and asks again.</summary>
    private static async Task CopyAsync(Stream from, HttpContext context, CancellationToken cancellation)
    {
        var buffer = new byte[64 << 10];
        long sent = 0;
        for (int read; (read = await from.ReadAsync(buffer, cancellation)) > 0;)
        {
            sent += read;
            if (sent > LongestReply)
            {
                context.Abort();
                return;
            }

            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }

    private static async Task SayAsync(HttpContext context, int status, string message)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsync(message, CancellationToken.None);
    }

    private static void Remove(string name)
    {
        var link = new FileInfo(name);
        if (link.LinkTarget is { } socket && Path.GetDirectoryName(socket) is { } left && Path.GetFileName(left).StartsWith("spinstudio-", StringComparison.Ordinal) && Directory.Exists(left))
        {
            Directory.Delete(left, recursive: true);
        }

        link.Delete();
    }
}
