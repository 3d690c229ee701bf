using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Generation.Elsewhere;

/// <summary>What a server wrote.</summary>
/// <param name="Ended">Whether the model ended the answer; else it was cut at the limit.</param>
/// <param name="Tokens">As the server counts them; 0 where it does not.</param>
/// <param name="PromptTokens">Of the prompt as the server's model read it; 0 where it does not tell.</param>
public sealed record Completion(string Text, bool Ended, long Tokens, long PromptTokens);

/// <summary>
/// An OpenAI-compatible server (vLLM, llama-server, <c>spinstudio serve</c>): <c>/models</c>, <c>/completions</c> and <c>/chat/completions</c> below its base address. Busy, failing and silent
/// servers are asked again, with longer and longer waits. Safe for use from several threads.
/// </summary>
/// <param name="address">Base address, such as <c>http://127.0.0.1:8000/v1</c>.</param>
/// <param name="key">Sent as bearer token; to this address only, for redirects are not followed.</param>
/// <param name="firstWait">Before the second try; doubled for each further one. One second when not given.</param>
public sealed class OpenAiEndpoint(Uri address, string? key = null, TimeSpan? firstWait = null) : IDisposable
{
    private const int MostTries = 8, LongestReply = 16 << 20, LongestQuote = 300;

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1), LongestAsked = TimeSpan.FromMinutes(10);

    private readonly TimeSpan _firstWait = firstWait ?? TimeSpan.FromSeconds(1);
    private readonly HttpClient _http = new(Relay.Handler())
    {
        Timeout = TimeSpan.FromMinutes(10), MaxResponseContentBufferSize = LongestReply,
    };

    /// <summary>Names of the models that the server has.</summary>
    /// <exception cref="EndpointException">It does not answer, or not with a list of models.</exception>
    public async Task<IReadOnlyList<string>> ModelsAsync(CancellationToken cancel = default)
    {
        using var reply = await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, Below("models")), cancel);
        return Read(reply, root => root.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!).ToList());
    }

    /// <summary>One answer. The prompt goes as token ids, so that the server adds and cuts nothing.</summary>
    /// <exception cref="EndpointException">The server refuses, or gives no answer however often it is asked.</exception>
    public Task<Completion> CompleteAsync(string model, int[] prompt, GenerationConfig config, int seed, CancellationToken cancel = default) =>
        AnswerAsync("completions", model, "prompt", prompt, config, seed, choice => choice.GetProperty("text"), cancel);

    /// <summary>One answer to a conversation, which the server renders by the chat template that it has.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public Task<Completion> ChatAsync(string model, IReadOnlyList<ChatMessage> messages, GenerationConfig config, int seed, CancellationToken cancel = default) =>
        AnswerAsync(
            "chat/completions", model, "messages", messages.Select(message => new { role = message.Role, content = message.Content }).ToList(), config, seed,
            choice => choice.GetProperty("message").GetProperty("content"), cancel);

    public void Dispose() => _http.Dispose();

    /// <param name="asked">Name of the field that holds the prompt.</param>
    /// <param name="text">Where a choice holds the answer.</param>
    private async Task<Completion> AnswerAsync(
        string path, string model, string asked, object prompt, GenerationConfig config, int seed, Func<JsonElement, JsonElement> text, CancellationToken cancel)
    {
        var body = new Dictionary<string, object>
        {
            ["model"] = model, [asked] = prompt, ["max_tokens"] = config.MaxNewTokens, ["temperature"] = config.Temperature, ["top_p"] = config.TopP, ["seed"] = seed,
        };
        if (config.TopK > 0) body["top_k"] = config.TopK;
        using var reply = await AskAsync(() => new HttpRequestMessage(HttpMethod.Post, Below(path)) { Content = JsonContent.Create(body) }, cancel);
        return Read(reply, root =>
        {
            var choice = root.GetProperty("choices")[0];
            var ended = choice.GetProperty("finish_reason").GetString() switch
            {
                GeneratedAnswer.Stop => true,
                GeneratedAnswer.Length => false,
                var reason => throw new EndpointException($"{address} ended an answer with finish_reason '{reason}'; stop and length are understood"),
            };
            return new Completion(text(choice).GetString() ?? throw new FormatException(), ended, Used("completion_tokens"), Used("prompt_tokens"));

            long Used(string what) => root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(what, out var count) ? count.GetInt64() : 0;
        });
    }

    private Uri Below(string name) => new(address.AbsoluteUri.TrimEnd('/') + "/" + name);

    private async Task<JsonDocument> AskAsync(Func<HttpRequestMessage> ask, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            string trouble;
            TimeSpan? asked = null;
            try
            {
                using var request = ask();
                if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                using var response = await _http.SendAsync(request, cancel);
                var text = await response.Content.ReadAsStringAsync(cancel);
                if (response.IsSuccessStatusCode) return JsonDocument.Parse(text);
                trouble = $"{address} answered {(int)response.StatusCode}: {Quote(text)}";
                if (!MayPass(response.StatusCode)) throw new EndpointException(trouble);
                asked = Wait(response.Headers.RetryAfter);
            }
            catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                trouble = $"{address} gave no answer: {Quote(e.Message)}";
            }
            if (attempt == MostTries) throw new EndpointException($"{trouble} (asked {MostTries} times)");
            await Task.Delay(asked ?? Shorter(_firstWait * (1 << (attempt - 1)), LongestWait), cancel);
        }
    }

    private static bool MayPass(HttpStatusCode status) => (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    private static TimeSpan? Wait(RetryConditionHeaderValue? header) => (header?.Delta ?? header?.Date - DateTimeOffset.UtcNow) is { } wait && wait >= TimeSpan.Zero ? Shorter(wait, LongestAsked) : null;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private T Read<T>(JsonDocument reply, Func<JsonElement, T> read)
    {
        try
        {
            return read(reply.RootElement);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException)
        {
            throw new EndpointException($"{address} does not answer like an OpenAI-compatible server: {Quote(reply.RootElement.GetRawText())}");
        }
    }

    private static string Quote(string text) => (text.Length > LongestQuote ? text[..LongestQuote] + "…" : text).ReplaceLineEndings(" ");
}

/// <summary>The server that answers in the opponent's place cannot be used; one line that says why. The run can be resumed.</summary>
public sealed class EndpointException(string message) : Exception(message);
