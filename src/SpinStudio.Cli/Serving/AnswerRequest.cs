using System.Security.Cryptography;
using System.Text.Json;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Cli.Serving;

/// <summary>What a chat or completion request asks for, in the engine's terms.</summary>
/// <param name="Prompts">Token ids; one prompt each, <paramref name="Count"/> answers to each.</param>
/// <param name="Likeliest">Likeliest tokens told with each token; null: no log-probs.</param>
/// <param name="StopTexts">Texts that end an answer and do not belong to it.</param>
internal sealed record AnswerRequest(
    IReadOnlyList<int[]> Prompts, GenerationConfig Settings, long Seed, int Count, int? Likeliest, string[] StopTexts, bool Stream, bool UsageAtEnd)
{
    private const int MostAnswers = 16;
    public const int MostLikeliest = 20;
    private const int MostPrompts = 64;

    /// <exception cref="OpenAiException">A field is wrong, unsupported or asks for more than the context holds.</exception>
    public static AnswerRequest ReadChat(RequestBody body, ConversationEncoder encoder, int context)
    {
        foreach (var name in (string[])["tools", "functions", "audio", "modalities"])
            body.Refuse(name, "[]", "[\"text\"]");
        body.Refuse("response_format", "{\"type\":\"text\"}");
        body.Refuse("logit_bias", "{}");
        var prompt = encoder.EncodePrompt(Messages(body));
        int? likeliest = body.Flag("logprobs") ? body.Integer("top_logprobs", 0, MostLikeliest) ?? 0 : null;
        var limit = body.Integer("max_completion_tokens", 1, context) ?? body.Integer("max_tokens", 1, context) ?? Room(context, [prompt]);
        return Read(body, [prompt], limit, likeliest);
    }

    /// <inheritdoc cref="ReadChat"/>
    public static AnswerRequest ReadCompletion(RequestBody body, Tokenizer tokenizer, int context)
    {
        foreach (var name in (string[])["suffix", "best_of"])
            body.Refuse(name, "\"\"", "1");
        body.Refuse("echo", "false");
        body.Refuse("logit_bias", "{}");
        var prompts = Prompt(body.Require("prompt"), tokenizer);
        return Read(body, prompts, Math.Min(body.Integer("max_tokens", 1, context) ?? 16, context), body.Integer("logprobs", 0, MostLikeliest));
    }

    public static List<ChatMessage> Messages(RequestBody body) =>
        body.Require("messages") is { ValueKind: JsonValueKind.Array } messages && messages.GetArrayLength() > 0
            ? [.. messages.EnumerateArray().Select(Message)]
            : throw OpenAiException.Bad("messages", "messages must be a list with at least one message");

    private static AnswerRequest Read(RequestBody body, IReadOnlyList<int[]> prompts, int limit, int? likeliest)
    {
        body.Refuse("frequency_penalty", "0", "0.0");
        body.Refuse("presence_penalty", "0", "0.0");
        var settings = new GenerationConfig
        {
            Temperature = body.Number("temperature", 1, 0, 10),
            TopP = body.Number("top_p", 1, 1e-6, 1),
            TopK = body.Integer("top_k", 0, int.MaxValue) ?? 0,
            MaxNewTokens = limit,
        };
        var seed = body.Integer("seed", int.MinValue, int.MaxValue) ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        var usage = body.Find("stream_options") is { ValueKind: JsonValueKind.Object } options && new RequestBody(options).Flag("include_usage");
        return new AnswerRequest(prompts, settings, seed, body.Integer("n", 1, MostAnswers) ?? 1, likeliest, [.. body.Texts("stop", 16).Where(text => text.Length > 0)], body.Flag("stream"), usage);
    }

    private static ChatMessage Message(JsonElement element)
    {
        var message = new RequestBody(element);
        var content = message.Require("content");
        // Content may come as parts; only text is understood.
        var text = content.ValueKind == JsonValueKind.Array
            ? string.Concat(content.EnumerateArray().Select(part => new RequestBody(part)).Select(part => part.Text("type") == "text" ? part.Text("text") : throw OpenAiException.Bad("messages", "only text is understood in messages")))
            : RequestBody.TextOf(content, "content");
        var role = message.Text("role");
        return new ChatMessage(role == "developer" ? "system" : role, text);
    }

    /// <summary>A text, token ids, or a list of either.</summary>
    private static List<int[]> Prompt(JsonElement prompt, Tokenizer tokenizer)
    {
        if (prompt.ValueKind == JsonValueKind.String)
            return [tokenizer.Encode(prompt.GetString()!)];
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() is 0 or > 1_000_000)
            throw OpenAiException.Bad("prompt", "prompt must be a text, token ids, or a list of these");
        if (prompt[0].ValueKind == JsonValueKind.Number)
            return [Ids(prompt, tokenizer)];
        return prompt.GetArrayLength() <= MostPrompts
            ? [.. prompt.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? tokenizer.Encode(item.GetString()!) : Ids(item, tokenizer))]
            : throw OpenAiException.Bad("prompt", $"prompt may have {MostPrompts} entries at most (got {prompt.GetArrayLength()})");
    }

    private static int[] Ids(JsonElement list, Tokenizer tokenizer)
    {
        if (list.ValueKind != JsonValueKind.Array)
            throw OpenAiException.Bad("prompt", "prompt must be a text, token ids, or a list of these");
        return [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0 && id < tokenizer.VocabSize
            ? id
            : throw OpenAiException.Bad("prompt", $"{item.GetRawText()} is no token id; they go from 0 to {tokenizer.VocabSize - 1}"))];
    }

    private static int Room(int context, IReadOnlyList<int[]> prompts) => Math.Max(1, context - prompts.Max(prompt => prompt.Length));
}
