using System.Globalization;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>
/// SentencePiece's BPE for llama.cpp, which joins the two neighbours that spell the token of the highest score, the leftmost ones of equal score. So a tokenizer is written if its merges say just that: they
/// make every token from every two parts that it has, one token after the other.
/// </summary>
internal static class GgufSentencePiece
{
    private const string WordMark = "\u2581";
    private const string Refused = "; GGUF cannot be written";

    /// <exception cref="BadInputException">llama.cpp would make other tokens; the message says why.</exception>
    public static void Write(GgufMetadata metadata, JsonElement json, ConversationEncoder encoder, int vocabulary)
    {
        var model = json.GetProperty("model");
        CheckBytes(model, encoder.Tokenizer);
        var merges = BytePairJson.MergesOf(model);
        metadata.Add("tokenizer.ggml.model", "llama");
        metadata.Add("tokenizer.ggml.pre", "default");
        metadata.Add("tokenizer.ggml.add_space_prefix", AddsPrefix(json, merges, encoder));
        metadata.Add("tokenizer.ggml.scores", Scores(merges, encoder.Tokenizer, vocabulary));
        if (TokenizerPart.TextOf(model, "unk_token") is { } unknown && encoder.Tokenizer.IdOf(unknown) is { } id)
            metadata.Add("tokenizer.ggml.unknown_token_id", (uint)id);
    }

    /// <summary>True for the token of a byte, such as <c>&lt;0x0A&gt;</c>.</summary>
    public static bool IsByte(string token) => token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    private static void CheckBytes(JsonElement model, Tokenizer tokenizer)
    {
        if (!TokenizerPart.Flag(model, "byte_fallback") || Enumerable.Range(0, 256).Any(value => tokenizer.IdOf($"<0x{value:X2}>") is null))
            throw new BadInputException("a SentencePiece-style tokenizer without a token for each byte is not known to llama.cpp" + Refused);
        if (TokenizerPart.Flag(model, "ignore_merges"))
            throw new BadInputException("ignore_merges in a SentencePiece-style tokenizer is not known to llama.cpp" + Refused);
    }

    /// <summary>
    /// Whether a mark is put before each stretch of text between control tokens. Where only the whole text gets one, none does in a conversation that a control token opens.
    /// </summary>
    private static bool AddsPrefix(JsonElement json, IReadOnlyList<(string Left, string Right)> merges, ConversationEncoder encoder)
    {
        List<JsonElement> rewrites = json.Get("normalizer") is { } normalizer ? [.. TokenizerPart.Steps(normalizer, "normalizers")] : [];
        List<JsonElement> cuts = json.Get("pre_tokenizer") is { } part ? [.. TokenizerPart.Steps(part, "pretokenizers")] : [];
        switch (rewrites, cuts)
        {
            case ([var prepend, var replace], []) when TokenizerPart.TypeOf(prepend) == "Prepend" && TokenizerPart.TextOf(prepend, "prepend") == WordMark && MarksSpaces(replace):
                return true;
            case ([var replace], []) when MarksSpaces(replace):
                return false;
            case ([], [var metaspace]) when TokenizerPart.TypeOf(metaspace) == "Metaspace" && (TokenizerPart.TextOf(metaspace, "replacement") ?? WordMark) == WordMark:
                if (TokenizerPart.Flag(metaspace, "split", missing: true) && merges.Any(merge => merge.Right.Contains(WordMark, StringComparison.Ordinal)))
                    throw new BadInputException("Metaspace that cuts before every mark, with merges across marks, is not known to llama.cpp" + Refused);
                return TokenizerPart.TextOf(metaspace, "prepend_scheme") switch
                {
                    "never" => false,
                    "first" when OpensWithControlToken(encoder) => false,
                    "first" => throw new BadInputException("Metaspace with prepend_scheme 'first' is not known to llama.cpp where no control token opens the conversation" + Refused),
                    var scheme => throw new BadInputException($"Metaspace with prepend_scheme '{scheme ?? "always"}' puts no mark before a text that starts with a space, llama.cpp does" + Refused),
                };
            default:
                throw new BadInputException(
                    $"normalizer [{Names(rewrites)}] with pre_tokenizer [{Names(cuts)}] is not known to llama.cpp for a SentencePiece-style tokenizer (Prepend and Replace of spaces, or Metaspace, are)" + Refused);
        }
    }

    private static bool MarksSpaces(JsonElement part) =>
        TokenizerPart.TypeOf(part) == "Replace" && TokenizerPart.LiteralPattern(part, "normalizer Replace") == " " && TokenizerPart.TextOf(part, "content") == WordMark;

    private static bool OpensWithControlToken(ConversationEncoder encoder) => encoder.Tokenizer.AddedTokens.Select(token => token.Id).Contains(encoder.EncodePrompt([new ChatMessage("user", "?")])[0]);

    private static string Names(List<JsonElement> parts) => string.Join(", ", parts.Select(TokenizerPart.TypeOf));

    /// <summary>The earlier its merges, the higher a token's score. Tokens that nothing is joined to need none.</summary>
    private static List<float> Scores(IReadOnlyList<(string Left, string Right)> merges, Tokenizer tokenizer, int vocabulary)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var newest = "";
        foreach (var (left, right) in merges)
        {
            var joined = left + right;
            if (joined != newest && !places.TryAdd(joined, places.Count))
                throw new BadInputException($"the merges that make '{joined}' do not follow one another, which SentencePiece's scores cannot say" + Refused);
            newest = joined;
        }
        CheckComplete(merges.ToHashSet(), tokenizer);
        return [.. Enumerable.Range(0, vocabulary).Select(id => tokenizer.Spelling(id) is { } token && places.TryGetValue(token, out var place) ? -place : 0f)];
    }

    /// <summary>llama.cpp joins whatever spells a token, so there must be a merge for it.</summary>
    private static void CheckComplete(HashSet<(string Left, string Right)> merges, Tokenizer tokenizer)
    {
        var added = tokenizer.AddedTokens.Select(token => token.Id).ToHashSet();
        foreach (var token in Enumerable.Range(0, tokenizer.VocabSize).Where(id => !added.Contains(id)).Select(tokenizer.Spelling).OfType<string>().Where(token => !IsByte(token)))
        {
            for (var at = 1; at < token.Length; at++)
            {
                var (left, right) = (token[..at], token[at..]);
                if (!char.IsLowSurrogate(token[at]) && IsSymbol(left) && IsSymbol(right) && !merges.Contains((left, right)))
                    throw new BadInputException($"no merge makes '{token}' of '{left}' and '{right}', but llama.cpp would" + Refused);
            }
        }

        bool IsSymbol(string text) => tokenizer.IdOf(text) is not null || (Rune.DecodeFromUtf16(text, out _, out var length) == System.Buffers.OperationStatus.Done && length == text.Length);
    }
}
