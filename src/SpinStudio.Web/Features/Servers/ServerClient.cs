using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Servers;

/// <summary>What a server answered.</summary>
/// <param name="AskedTokens">As the server counts them; null when it does not say.</param>
internal sealed record ServerAnswer(string Text, int? AskedTokens, int? AnswerTokens, double Seconds);

/// <summary>Asks OpenAI-compatible servers, through <see cref="OutboundAddresses"/>. One question is one request; who wants an answer in spite of troubles asks again.</summary>
public sealed class ServerClient(OutboundAddresses outbound, ServerKeys keys)
{
    private const int LongestReply = 1 << 20, LongestQuote = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3), LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>One question of a user, answered at temperature 0.</summary>
    /// <exception cref="ServerTrouble">No answer.</exception>
    internal async Task<ServerAnswer> AskAsync(TeamServer server, string question, int maxTokens, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using var request = Request(server, HttpMethod.Post, "chat/completions");
        request.Content = Json(JsonSerializer.SerializeToUtf8Bytes(new { model = server.Model, messages = new[] { new { role = "user", content = question } }, max_tokens = maxTokens, temperature = 0 }));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await outbound.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            var text = await ReadAsync(server, response, patience.Token);
            return response.IsSuccessStatusCode ? Answer(server, text, watch.Elapsed.TotalSeconds) : throw Trouble(server, response, text);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ServerTrouble(TroubleKind.MayPass, $"{server.Name} gave no answer within {Patience.TotalMinutes:0} minutes.");
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException)
        {
            throw lost.GetBaseException() is BadInputException refused
                ? new ServerTrouble(TroubleKind.Server, refused.Message)
                : new ServerTrouble(TroubleKind.MayPass, $"{server.Name} gave no answer: {Quote(lost.Message)}");
        }
    }

    /// <summary>A request to the server, with its key. What the caller adds goes along.</summary>
    /// <param name="path">Below the base address.</param>
    /// <exception cref="ServerTrouble">The address may not be connected to, or the key cannot be read.</exception>
    internal HttpRequestMessage Request(TeamServer server, HttpMethod method, string path)
    {
        var address = new Uri($"{server.Address}/{path}");
        if (!outbound.MayConnect(address))
        {
            throw new ServerTrouble(TroubleKind.Server, $"{address.Authority} is not a public address, so the studio does not connect to it. An administrator can allow it with the setting Studio:AllowedHosts.");
        }

        var request = new HttpRequestMessage(method, address);
        if (keys.Of(server) is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return request;
    }

    /// <summary>With its length beforehand: not every server takes chunks.</summary>
    internal static ByteArrayContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task<string> ReadAsync(TeamServer server, HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var bytes = new byte[LongestReply + 1];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return length <= LongestReply
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw new ServerTrouble(TroubleKind.Request, $"{server.Name} answered with more than {LongestReply >> 20} MB; an answer is shorter.");
    }

    private static ServerAnswer Answer(TeamServer server, string text, double seconds)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var content = document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content");
            var usage = document.RootElement.TryGetProperty("usage", out var told) && told.ValueKind == JsonValueKind.Object ? told : default;
            return new ServerAnswer(content.ValueKind == JsonValueKind.Null ? "" : content.GetString()!, Count(usage, "prompt_tokens"), Count(usage, "completion_tokens"), seconds);
        }
        catch (Exception strange) when (strange is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new ServerTrouble(TroubleKind.MayPass, $"{server.Name} does not answer like an OpenAI-compatible server: {Quote(text)}");
        }
    }

    private static int? Count(JsonElement usage, string name) =>
        usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(name, out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var tokens) && tokens >= 0 ? tokens : null;

    private static ServerTrouble Trouble(TeamServer server, HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var said = $"{server.Name} answered {status}{(text.Length == 0 ? "" : $": {Quote(text)}")}";
        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new(TroubleKind.MayPass, said, Wait(response.Headers.RetryAfter)),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new(TroubleKind.Server, $"{said}. Redirects are not followed; enter the address that it leads to."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.PaymentRequired => new(TroubleKind.Server, $"{said}. See to its key."),
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => new(TroubleKind.Server, $"{said}. See to its address, which usually ends with /v1, and to the model's name."),
            _ => new(TroubleKind.Request, said),
        };
    }

    private static TimeSpan? Wait(RetryConditionHeaderValue? header) =>
        (header?.Delta ?? header?.Date - DateTimeOffset.UtcNow) is { } wait && wait >= TimeSpan.Zero ? wait < LongestWait ? wait : LongestWait : null;

    private static string Quote(string text) => (text.Length > LongestQuote ? text[..LongestQuote] + "…" : text).ReplaceLineEndings(" ");
}
