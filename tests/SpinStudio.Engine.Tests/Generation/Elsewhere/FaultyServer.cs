using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Tests.Generation.Elsewhere;

/// <summary>A server on the loopback address that answers as it is told, one reply after the other; the last one again and again.</summary>
internal sealed class FaultyServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Queue<Action<HttpListenerContext>> _replies;
    private readonly Lock _counting = new();

    public FaultyServer(params IEnumerable<Action<HttpListenerContext>> replies)
    {
        _replies = new(replies);
        (_listener, Address) = Listen();
        _ = Task.Run(ServeAsync);
    }

    public Uri Address { get; }

    /// <summary>Bodies of the requests, in the order they came.</summary>
    public List<JsonNode?> Asked { get; } = [];

    public List<string?> Keys { get; } = [];

    public static Action<HttpListenerContext> Status(int status, string body = "", string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
        context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
    };

    public static Action<HttpListenerContext> Answer(string text, string reason = "stop") =>
        Status(200, new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = text, ["finish_reason"] = reason }), ["usage"] = new JsonObject { ["completion_tokens"] = 3 } }.ToJsonString());

    public static Action<HttpListenerContext> HangUp { get; } = context => context.Response.Abort();

    public void Dispose() => _listener.Close();

    private static (HttpListener Listener, Uri Address) Listen()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return (listener, new Uri($"http://127.0.0.1:{port}/v1"));
            }
            catch (HttpListenerException)
            {
                // Somebody else took the port in between.
            }
        }
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => Reply(context));
        }
    }

    private void Reply(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var text = reader.ReadToEnd();
        Action<HttpListenerContext> reply;
        lock (_counting)
        {
            Asked.Add(text.Length > 0 ? JsonNode.Parse(text) : null);
            Keys.Add(context.Request.Headers["Authorization"]);
            reply = _replies.Count > 1 ? _replies.Dequeue() : _replies.Peek();
        }
        reply(context);
    }
}
