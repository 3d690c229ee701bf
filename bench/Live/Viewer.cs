using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Bench.Live;

/// <summary>Somebody who follows a run over the hub: its JSON protocol by hand, messages ended by a record separator.</summary>
internal sealed class Viewer(Uri address, string cookies, Guid runId, long lastSeq)
{
    private const char End = '\u001e';

    /// <summary>Sequence numbers in the order in which they came.</summary>
    public List<long> Seen { get; } = [];

    /// <summary>Milliseconds from the time in the journal's line to its arrival here.</summary>
    public List<double> Latencies { get; } = [];

    public async Task ListenAsync(CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", cookies);
        await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/hubs/runs" }.Uri, CancellationToken.None);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await SendAsync(socket, JsonSerializer.Serialize(new { type = 1, invocationId = "1", target = "Join", arguments = new object[] { runId, lastSeq } }));
        var buffer = new byte[1 << 16];
        var held = new List<byte>();
        try
        {
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(), stop);
                var now = DateTimeOffset.UtcNow;
                held.AddRange(buffer.AsSpan(0, read.Count));
                while (held.IndexOf((byte)End) is var at && at >= 0)
                {
                    Take(Encoding.UTF8.GetString([.. held[..at]]), now);
                    held.RemoveRange(0, at + 1);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop: this viewer has seen enough.
        }
    }

    private void Take(string text, DateTimeOffset now)
    {
        using var message = JsonDocument.Parse(text);
        if (!message.RootElement.TryGetProperty("target", out var target) || target.GetString() != "Events")
        {
            return;
        }

        foreach (var journalEvent in message.RootElement.GetProperty("arguments")[2].EnumerateArray())
        {
            Seen.Add(journalEvent.GetProperty("seq").GetInt64());
            Latencies.Add((now - journalEvent.GetProperty("at").GetDateTimeOffset()).TotalMilliseconds);
        }
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, true, CancellationToken.None);
}
