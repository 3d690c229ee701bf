using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>What the parts of a <c>tokenizer.json</c> have in common: a type by name, and flags.</summary>
internal static class TokenizerPart
{
    /// <summary>A part that is not understood is refused by name: approximating it would give other tokens.</summary>
    public static BadInputException NotSupported(string what) =>
        new($"{what} is not supported; BPE tokenizers are, byte-level ones (Llama 3, Qwen, SmolLM, GPT-2) and SentencePiece's (Llama 2, Mistral)");

    public static string TypeOf(JsonElement part) => TextOf(part, "type") ?? "without a type";

    public static string? TextOf(JsonElement part, string key) => part.Get(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static bool Flag(JsonElement part, string key, bool missing = false) => part.Get(key) switch
    {
        null => missing,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw new BadInputException($"{key} must be true or false, not {JsonFile.Name(other)}"),
    };

    /// <summary>The parts of a Sequence, of Sequences in it too; a part of another type is the only one of itself.</summary>
    public static IEnumerable<JsonElement> Steps(JsonElement part, string key) =>
        TypeOf(part) == "Sequence" && part.Get(key) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().SelectMany(step => Steps(step, key)) : [part];

    /// <summary>A pattern that must be a plain string.</summary>
    public static string LiteralPattern(JsonElement part, string what) =>
        part.Get("pattern") is { } pattern && TextOf(pattern, "String") is { Length: > 0 } literal ? literal : throw NotSupported($"{what} with a pattern other than a string");
}
