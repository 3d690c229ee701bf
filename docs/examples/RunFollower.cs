using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Examples;

/// <summary>
/// Follows a run until it ends, over the studio's hub and with nothing but the framework: SignalR's JSON protocol is JSON messages, each ended by the character U+001E.
/// Type 1 is a call, 3 the answer to one, 6 a sign of life, 7 the end.
/// </summary>
public sealed class RunFollower(Uri studio, string token)
{
    private const char End = '\u001e';

    /// <summary>The last event that was heard: where to go on from after a lost connection.</summary>
    public long LastSeq { get; private set; }

    /// <summary>Hands over each event of the run after <paramref name="lastSeq"/>, in order, none missing, none twice.</summary>
    /// <returns>The run's state at its end: completed, failed or stopped.</returns>
    public async Task<string> FollowAsync(Guid run, long lastSeq, Action<JsonElement> onEvent, CancellationToken cancellation = default)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket.ConnectAsync(new Uri($"{(studio.Scheme == "https" ? "wss" : "ws")}://{studio.Authority}/hubs/runs"), cancellation);
        await SendAsync(socket, new { protocol = "json", version = 1 }, cancellation);
        await SendAsync(socket, new { type = 1, invocationId = "join", target = "Join", arguments = new object[] { run, lastSeq } }, cancellation);
        LastSeq = lastSeq;
        await foreach (var message in ReceiveAsync(socket, cancellation))
        {
            if (message.TryGetProperty("error", out var error))
                throw new InvalidOperationException(error.GetString());
            if (!message.TryGetProperty("target", out var target) || target.GetString() != "Events")
                continue;
            var (summary, events) = (message.GetProperty("arguments")[1], message.GetProperty("arguments")[2]);
            foreach (var happened in events.EnumerateArray())
            {
                LastSeq = happened.GetProperty("seq").GetInt64();
                onEvent(happened);
            }

            if (summary.GetProperty("status").GetString() is "completed" or "failed" or "stopped")
                return summary.GetProperty("status").GetString()!;
        }

        throw new IOException($"The connection ended; follow again from {LastSeq}.");
    }

    private static async Task SendAsync(WebSocket socket, object message, CancellationToken cancellation) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(message) + End), WebSocketMessageType.Text, endOfMessage: true, cancellation);

    private static async IAsyncEnumerable<JsonElement> ReceiveAsync(WebSocket socket, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var (buffer, partial) = (new byte[1 << 16], new List<byte>());
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (read.MessageType == WebSocketMessageType.Close)
                yield break;
            partial.AddRange(buffer.AsSpan(0, read.Count));
            for (var end = partial.IndexOf((byte)End); end >= 0; end = partial.IndexOf((byte)End))
            {
                yield return JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString([.. partial[..end]]));
                partial.RemoveRange(0, end + 1);
            }
        }
    }
}
