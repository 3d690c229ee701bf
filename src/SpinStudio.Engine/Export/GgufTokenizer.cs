using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>A byte-level tokenizer as llama.cpp wants it: tokens, their kinds, merges, and the name of the rule that cuts text into words.</summary>
internal static class GgufTokenizer
{
    private const long LongestFile = 128 << 20;
    private const int Normal = 1, Control = 3, UserDefined = 4, Unused = 5;

    private const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <exception cref="BadInputException">The tokenizer is of a kind that cannot be exported; the message names it.</exception>
    public static void Write(GgufMetadata metadata, string folder, ConversationEncoder encoder, ModelConfig config)
    {
        var tokenizer = encoder.Tokenizer;
        JsonFile.Read(Path.Combine(folder, "tokenizer.json"), LongestFile, json =>
        {
            metadata.Add("tokenizer.ggml.model", "gpt2");
            metadata.Add("tokenizer.ggml.pre", WordRule(json));
            WriteTokens(metadata, tokenizer, json, config.VocabSize);
            return true;
        });
        if (tokenizer.BosTokenId is { } bos)
            metadata.Add("tokenizer.ggml.bos_token_id", (uint)bos);
        // The token that closes an answer: llama.cpp stops there.
        metadata.Add("tokenizer.ggml.eos_token_id", (uint)encoder.EosId);
        metadata.Add("tokenizer.ggml.padding_token_id", (uint)encoder.PadTokenId);
        // The chat template writes what stands before and after.
        metadata.Add("tokenizer.ggml.add_bos_token", tokenizer.BosTokenId is not null && tokenizer.Settings.ChatTemplate?.Contains("bos_token", StringComparison.Ordinal) != true && config.BosTokenId is not null);
        metadata.Add("tokenizer.ggml.add_eos_token", false);
        metadata.Add("tokenizer.chat_template", encoder.Template.Source);
    }

    private static void WriteTokens(GgufMetadata metadata, Tokenizer tokenizer, JsonElement json, int vocabulary)
    {
        var added = tokenizer.AddedTokens.ToDictionary(token => token.Id);
        var ids = Enumerable.Range(0, vocabulary).ToList();
        metadata.Add("tokenizer.ggml.tokens", [.. ids.Select(id => tokenizer.Spelling(id) ?? $"[PAD{id}]")]);
        metadata.Add("tokenizer.ggml.token_type", [.. ids.Select(id => tokenizer.Spelling(id) is null ? Unused : !added.TryGetValue(id, out var token) ? Normal : token.Special ? Control : UserDefined)]);
        metadata.Add("tokenizer.ggml.merges", [.. json.GetProperty("model").GetProperty("merges").EnumerateArray().Select(Merge)]);
    }

    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}";

    /// <summary>The name under which llama.cpp knows this way of cutting text. A wrong one would still run, with other tokens, so what has no name is refused.</summary>
    private static string WordRule(JsonElement json)
    {
        List<JsonElement> steps = json.Get("pre_tokenizer") switch
        {
            { } part when Text(part, "type") == "Sequence" && part.Get("pretokenizers") is { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
            { } part => [part],
            null => [],
        };
        var normalizer = json.Get("normalizer") is { } form ? Text(form, "type") : null;
        var ignoresMerges = json.Get("model")?.Get("ignore_merges") is { ValueKind: JsonValueKind.True };
        var rule = steps switch
        {
            [var bytes] when IsByteLevel(bytes, ownPattern: true) => "gpt-2",
            [var digits, var bytes] when Text(digits, "type") == "Digits" && digits.Get("individual_digits") is { ValueKind: JsonValueKind.True } && IsByteLevel(bytes, ownPattern: true) => "smollm",
            [var split, var bytes] when IsByteLevel(bytes, ownPattern: false) && Pattern(split) == Llama3Pattern && ignoresMerges => "llama-bpe",
            [var split, var bytes] when IsByteLevel(bytes, ownPattern: false) && Pattern(split) == Qwen2Pattern && normalizer == "NFC" => "qwen2",
            _ => null,
        };
        if (rule is null || (normalizer is not null && rule != "qwen2") || (ignoresMerges && rule != "llama-bpe"))
            throw new BadInputException("this tokenizer's way of cutting text into words has no name in llama.cpp that is known here (gpt-2, smollm, llama-bpe and qwen2 are); GGUF cannot be written");
        return rule;
    }

    private static bool IsByteLevel(JsonElement part, bool ownPattern) => Text(part, "type") == "ByteLevel"
        && part.Get("add_prefix_space") is { ValueKind: JsonValueKind.False } && part.Get("use_regex") is not { ValueKind: JsonValueKind.False } == ownPattern;

    private static string? Pattern(JsonElement split) => Text(split, "type") == "Split" && Text(split, "behavior") == "Isolated" ? split.Get("pattern") is { } pattern ? Text(pattern, "Regex") : null : null;

    private static string? Text(JsonElement json, string key) => json.Get(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
