using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SpinStudio.Engine;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Cli.Serving;

/// <summary>The OpenAI API over one model: <c>/v1/chat/completions</c>, <c>/v1/completions</c>, <c>/v1/models</c>, and <c>/health</c>; and of our own <c>/v1/score</c>.</summary>
/// <param name="name">The model's name in requests and answers.</param>
/// <param name="stopIds">Tokens that end an answer.</param>
internal sealed class OpenAiServer(LiveGenerator generator, ConversationEncoder encoder, IReadOnlySet<int> stopIds, string name, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32 };

    private readonly long _started = time.GetUtcNow().ToUnixTimeSeconds();

    public void Map(WebApplication app)
    {
        app.Use(TellRefusals);
        app.MapGet("/health", () => Results.Json(new { status = "ok", active = generator.Active, waiting = generator.Waiting, tokens_generated = generator.TokensGenerated }, Json));
        app.MapGet("/v1/models", () => Results.Json(new { @object = "list", data = new[] { Model() } }, Json));
        app.MapGet("/v1/models/{id}", (string id) => id == name ? Results.Json(Model(), Json) : throw Unknown(id));
        app.MapPost("/v1/chat/completions", context => AnswerAsync(context, chat: true));
        app.MapPost("/v1/score", ScoreAsync);
        app.MapPost("/v1/completions", context => AnswerAsync(context, chat: false));
        app.MapFallback((HttpContext context) => throw new OpenAiException(404, $"there is no {context.Request.Method} {context.Request.Path}; this server has /v1/chat/completions, /v1/completions, /v1/score and /v1/models"));
    }

    private object Model() => new { id = name, @object = "model", created = _started, owned_by = "spinstudio", max_model_len = generator.Capacity };

    private OpenAiException Unknown(string model) => new(404, $"the model '{model}' is not served here; '{name}' is", "model", "model_not_found");

    private async Task AnswerAsync(HttpContext context, bool chat)
    {
        var body = await ReadAsync(context);
        if (body.Find("model") is { } model && RequestBody.TextOf(model, "model") is var wanted && wanted != name)
            throw Unknown(wanted);
        var request = chat ? AnswerRequest.ReadChat(body, encoder, generator.Capacity) : AnswerRequest.ReadCompletion(body, encoder.Tokenizer, generator.Capacity);
        var answers = new OpenAiAnswers(chat, name, encoder.Tokenizer, request, time.GetUtcNow().ToUnixTimeSeconds());

        // All are queued before anything is written, so that a refusal can still be told.
        var started = request.Prompts.SelectMany(prompt => Enumerable.Repeat(prompt, request.Count))
            .Select((prompt, index) =>
            {
                var text = new AnswerText(encoder.Tokenizer, stopIds, request.StopTexts);
                return (Text: text, Pieces: text.ReadAsync(generator.AnswerAsync(
                    prompt, request.Settings, stopIds, RandomStream.From(request.Seed, index), request.Likeliest, context.RequestAborted)));
            }).ToList();
        if (request.Stream)
            await StreamAsync(context, answers, request, started, chat);
        else
            await context.Response.WriteAsJsonAsync(answers.Whole(await Task.WhenAll(started.Select(async answer => (answer.Text, await ListAsync(answer.Pieces))))), Json);
    }

    /// <summary>Log-probs of a given answer's tokens, cut into pieces of text as answers are; the token that closes the turn apart.</summary>
    private async Task ScoreAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        var tokenizer = encoder.Tokenizer;
        var example = encoder.Encode(AnswerRequest.Messages(body), body.Text("answer"));
        var tokens = await ListAsync(generator.ScoreAsync(example.Prompt, example.Answer, body.Integer("top_logprobs", 0, AnswerRequest.MostLikeliest) ?? 0, context.RequestAborted));
        var pieces = await ListAsync(new AnswerText(tokenizer, new HashSet<int> { encoder.EosId }, []).ReadAsync(tokens.ToAsyncEnumerable()));
        await context.Response.WriteAsJsonAsync(new
        {
            model = name,
            tokens = tokens.Count,
            logprob = tokens.Sum(token => token.LogProb),
            end_logprob = tokens[^1].LogProb,
            pieces = pieces.Select(piece => new
            {
                text = piece.Text,
                tokens = piece.Tokens.Count,
                logprob = piece.Tokens.Sum(token => token.LogProb),
                top_logprobs = piece.Tokens[0].Likeliest!.Select(token => new { token = tokenizer.Decode([token.Id], skipSpecial: false), logprob = token.LogProb }),
            }),
        }, Json);
    }

    private static async Task<RequestBody> ReadAsync(HttpContext context)
    {
        // A page of another site can send a form or plain text without being asked, but not this.
        if (!context.Request.HasJsonContentType())
            throw new OpenAiException(415, "send the request as application/json");
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            return new RequestBody(document.RootElement.Clone());
        }
        catch (JsonException malformed)
        {
            throw new OpenAiException(400, $"the body is no JSON: {malformed.Message}");
        }
    }

    /// <summary>Server-sent events: the pieces of all answers as they come, then [DONE].</summary>
    private static async Task StreamAsync(
        HttpContext context, OpenAiAnswers answers, AnswerRequest request, List<(AnswerText Text, IAsyncEnumerable<AnswerPiece> Pieces)> started, bool chat)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        var events = Channel.CreateUnbounded<object>(new UnboundedChannelOptions { SingleReader = true });
        var telling = Task.WhenAll(started.Select(async (answer, index) =>
        {
            if (chat)
                events.Writer.TryWrite(answers.Opening(index));
            var offset = 0;
            await foreach (var piece in answer.Pieces)
            {
                events.Writer.TryWrite(answers.Piece(index, piece, offset));
                offset += piece.Text.Length;
            }
            events.Writer.TryWrite(answers.Closing(index, answer.Text.FinishReason));
        })).ContinueWith(all => events.Writer.TryComplete(all.Exception?.GetBaseException()), TaskScheduler.Default);

        await foreach (var item in events.Reader.ReadAllAsync(context.RequestAborted))
            await SendAsync(context, JsonSerializer.Serialize(item, Json));
        await telling;
        if (request.UsageAtEnd)
            await SendAsync(context, JsonSerializer.Serialize(answers.UsageChunk(started.Sum(answer => answer.Text.Tokens)), Json));
        await SendAsync(context, "[DONE]");
    }

    private static async Task SendAsync(HttpContext context, string data)
    {
        await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items)
            list.Add(item);
        return list;
    }

    private static async Task TellRefusals(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone.
        }
        catch (Exception refused) when (!context.Response.HasStarted && AsRefusal(refused) is { } refusal)
        {
            context.Response.StatusCode = refusal.Status;
            await context.Response.WriteAsJsonAsync(refusal.Body, Json);
        }
    }

    private static OpenAiException? AsRefusal(Exception exception) => exception switch
    {
        OpenAiException refusal => refusal,
        BadInputException bad => new OpenAiException(400, bad.Message, code: "context_length_exceeded"),
        GenerationBusyException busy => new OpenAiException(429, busy.Message),
        BadHttpRequestException bad => new OpenAiException(bad.StatusCode, bad.Message),
        _ => null,
    };
}
