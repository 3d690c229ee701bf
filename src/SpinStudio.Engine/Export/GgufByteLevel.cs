using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>Byte-level BPE for llama.cpp: the merges, and the name of the rule that cuts text into words.</summary>
internal static class GgufByteLevel
{
    private const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <exception cref="BadInputException">llama.cpp has no name for this way of cutting text into words.</exception>
    public static void Write(GgufMetadata metadata, JsonElement json)
    {
        metadata.Add("tokenizer.ggml.model", "gpt2");
        metadata.Add("tokenizer.ggml.pre", WordRule(json));
        metadata.Add("tokenizer.ggml.merges", [.. BytePairJson.MergesOf(json.GetProperty("model")).Select(merge => $"{merge.Left} {merge.Right}")]);
    }

    /// <summary>The name under which llama.cpp knows this way of cutting text. A wrong one would still run, with other tokens, so what has no name is refused.</summary>
    private static string WordRule(JsonElement json)
    {
        List<JsonElement> steps = json.Get("pre_tokenizer") is { } part ? [.. TokenizerPart.Steps(part, "pretokenizers")] : [];
        var ignoresMerges = json.Get("model") is { } model && TokenizerPart.Flag(model, "ignore_merges");
        var rule = steps switch
        {
            [var bytes] when IsByteLevel(bytes, ownPattern: true) => "gpt-2",
            [var digits, var bytes] when TokenizerPart.TypeOf(digits) == "Digits" && TokenizerPart.Flag(digits, "individual_digits") && IsByteLevel(bytes, ownPattern: true) => "smollm",
            [var split, var bytes] when IsByteLevel(bytes, ownPattern: false) && Pattern(split) == Llama3Pattern => ignoresMerges ? "llama-bpe" : "smaug-bpe",
            [var split, var bytes] when IsByteLevel(bytes, ownPattern: false) && Pattern(split) == Qwen2Pattern => "qwen2",
            _ => null,
        };
        // llama.cpp rewrites no text. That Qwen's is composed first (NFC) makes a difference only where it is not written so already.
        var normalizer = json.Get("normalizer") is { } form ? TokenizerPart.TypeOf(form) : null;
        if (rule is null || !(normalizer is null || (normalizer == "NFC" && rule == "qwen2")) || (ignoresMerges && rule != "llama-bpe"))
            throw new BadInputException("this tokenizer's way of cutting text into words has no name in llama.cpp that is known here (gpt-2, smollm, llama-bpe, smaug-bpe and qwen2 are); GGUF cannot be written");
        return rule;
    }

    private static bool IsByteLevel(JsonElement part, bool ownPattern) => TokenizerPart.TypeOf(part) == "ByteLevel"
        && !TokenizerPart.Flag(part, "add_prefix_space", missing: true) && TokenizerPart.Flag(part, "use_regex", missing: true) == ownPattern;

    private static string? Pattern(JsonElement split) =>
        TokenizerPart.TypeOf(split) == "Split" && TokenizerPart.TextOf(split, "behavior") == "Isolated" && !TokenizerPart.Flag(split, "invert") && split.Get("pattern") is { } pattern ? TokenizerPart.TextOf(pattern, "Regex") : null;
}
