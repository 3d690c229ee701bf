using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SpinStudio.Testing;

namespace SpinStudio.Engine.Tests.Generation.Elsewhere;

/// <summary>A server on the loopback address that answers as it is told, one reply after the other; the last one again and again.</summary>
internal sealed class FaultyServer : IDisposable
{
    private readonly LoopbackServer _server;
    private readonly Queue<Action<HttpListenerContext>> _replies;
    private readonly Lock _counting = new();

    public FaultyServer(params IEnumerable<Action<HttpListenerContext>> replies)
    {
        _replies = new(replies);
        _server = new LoopbackServer(ReplyAsync);
    }

    public Uri Address => new(_server.Address, "v1");

    /// <summary>Bodies of the requests, in the order they came.</summary>
    public List<JsonNode?> Asked { get; } = [];

    public List<string> Paths { get; } = [];

    public List<string?> Keys { get; } = [];

    public static Action<HttpListenerContext> Status(int status, string body = "", string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
        context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
    };

    public static Action<HttpListenerContext> Answer(string text, string reason = "stop") =>
        Choice(new JsonObject { ["index"] = 0, ["text"] = text, ["finish_reason"] = reason }, promptTokens: 2);

    public static Action<HttpListenerContext> ChatAnswer(string text, int promptTokens) =>
        Choice(new JsonObject { ["index"] = 0, ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text }, ["finish_reason"] = "stop" }, promptTokens);

    public static Action<HttpListenerContext> HangUp { get; } = context => context.Response.Abort();

    public void Dispose() => _server.Dispose();

    private static Action<HttpListenerContext> Choice(JsonObject choice, int promptTokens) =>
        Status(200, new JsonObject { ["choices"] = new JsonArray(choice), ["usage"] = new JsonObject { ["prompt_tokens"] = promptTokens, ["completion_tokens"] = 3 } }.ToJsonString());

    private async Task ReplyAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var text = await reader.ReadToEndAsync();
        Action<HttpListenerContext> reply;
        lock (_counting)
        {
            Asked.Add(text.Length > 0 ? JsonNode.Parse(text) : null);
            Paths.Add(context.Request.Url!.AbsolutePath);
            Keys.Add(context.Request.Headers["Authorization"]);
            reply = _replies.Count > 1 ? _replies.Dequeue() : _replies.Peek();
        }
        reply(context);
    }
}
