using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Web.Tests;

/// <summary>The hub protocol by hand: JSON messages, each ended by a record separator.</summary>
internal sealed class HubConnection(WebSocket socket) : IDisposable
{
    private const char End = '\u001e';
    private readonly Queue<JsonElement> received = new();
    private readonly StringBuilder partial = new();

    public static async Task<HubConnection> OpenAsync(Browser browser)
    {
        var hub = new HubConnection(await browser.OpenSocketAsync("/hubs/runs"));
        await hub.SendAsync("""{"protocol":"json","version":1}""");
        Assert.Equal("{}", (await hub.ReceiveAsync()).ToString());
        return hub;
    }

    public Task InvokeAsync(string method, params object[] arguments) =>
        SendAsync(JsonSerializer.Serialize(new { type = 1, invocationId = "1", target = method, arguments }));

    /// <summary>The next message that is not a ping.</summary>
    public async Task<JsonElement> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var buffer = new byte[1 << 16];
        while (true)
        {
            while (received.TryDequeue(out var message))
            {
                if (!message.TryGetProperty("type", out var type) || type.GetInt32() != 6)
                {
                    return message;
                }
            }

            var read = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
            partial.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
            var text = partial.ToString();
            var whole = text.LastIndexOf(End) + 1;
            partial.Remove(0, whole);
            foreach (var message in text[..whole].Split(End, StringSplitOptions.RemoveEmptyEntries))
            {
                received.Enqueue(JsonSerializer.Deserialize<JsonElement>(message));
            }
        }
    }

    public void Dispose() => socket.Dispose();

    private Task SendAsync(string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, true, CancellationToken.None);
}
