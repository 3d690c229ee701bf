using System.Globalization;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Reads <c>decoder</c>.</summary>
internal static class TokenDecoderJson
{
    /// <param name="tokens">Id → token as the vocabulary spells it; null where no token has the id.</param>
    /// <param name="added">Ids of added tokens: text as it is, whatever the vocabulary's spelling.</param>
    public static TokenDecoder Read(JsonElement? part, bool isByteLevel, string?[] tokens, IReadOnlySet<int> added)
    {
        var decoder = part ?? throw TokenizerPart.NotSupported("decoder null");
        var steps = TokenizerPart.Steps(decoder, "decoders").ToList();
        if (steps is [var only] && TokenizerPart.TypeOf(only) == "ByteLevel")
            return isByteLevel ? new TokenDecoder.Bytes(BytesOf(tokens, added)) : throw TokenizerPart.NotSupported("decoder ByteLevel without pre_tokenizer ByteLevel");
        if (isByteLevel)
            throw TokenizerPart.NotSupported($"decoder {TokenizerPart.TypeOf(decoder)} with pre_tokenizer ByteLevel");
        return ReadTexts(steps, tokens);
    }

    private static byte[][] BytesOf(string?[] tokens, IReadOnlySet<int> added) =>
        [.. tokens.Select((token, id) => token is null ? [] : (added.Contains(id) ? null : ByteAlphabet.Read(token)) ?? Encoding.UTF8.GetBytes(token))];

    /// <summary>Replacements, then bytes, then what is taken off the beginning: the order that files have, and the only one that is read.</summary>
    private static TokenDecoder.Texts ReadTexts(List<JsonElement> steps, string?[] tokens)
    {
        var texts = tokens.ToArray();
        var bytes = new Dictionary<int, byte>();
        var (dropped, most) = ('\0', 0);
        var stage = 0;
        foreach (var step in steps)
        {
            var type = TokenizerPart.TypeOf(step);
            var place = type switch
            {
                "Replace" or "Metaspace" => 0,
                "ByteFallback" => 1,
                "Fuse" => 2,
                "Strip" => 3,
                _ => throw TokenizerPart.NotSupported($"decoder {type}"),
            };
            if (place < stage || (place == 3 && stage < 2) || (type == "Metaspace" && steps.Count > 1))
                throw TokenizerPart.NotSupported($"decoder {type} at this place of a Sequence");
            stage = place;
            switch (type)
            {
                case "Replace":
                    Replace(texts, TokenizerPart.LiteralPattern(step, "decoder Replace"), TokenizerPart.TextOf(step, "content") ?? "");
                    break;
                case "Metaspace":
                    Replace(texts, TokenizerPart.TextOf(step, "replacement") ?? "\u2581", " ");
                    (dropped, most) = HasPrefix(step) ? (' ', 1) : (dropped, most);
                    break;
                case "ByteFallback":
                    ReadBytes(texts, bytes);
                    break;
                case "Strip":
                    (dropped, most) = ReadStrip(step);
                    break;
            }
        }
        return new TokenDecoder.Texts(texts, bytes, dropped, most);
    }

    private static bool HasPrefix(JsonElement metaspace) =>
        TokenizerPart.TextOf(metaspace, "prepend_scheme") is { } scheme ? scheme != "never" : TokenizerPart.Flag(metaspace, "add_prefix_space", missing: true);

    private static void Replace(string?[] texts, string old, string with)
    {
        for (var id = 0; id < texts.Length; id++)
            texts[id] = texts[id]?.Replace(old, with, StringComparison.Ordinal);
    }

    private static void ReadBytes(string?[] texts, Dictionary<int, byte> bytes)
    {
        for (var id = 0; id < texts.Length; id++)
        {
            if (texts[id] is ['<', '0', 'x', _, _, '>'] token && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                bytes[id] = value;
        }
    }

    private static (char Dropped, int Most) ReadStrip(JsonElement part)
    {
        if (part.Get("stop") is { ValueKind: JsonValueKind.Number } stop && stop.GetDouble() != 0)
            throw TokenizerPart.NotSupported($"decoder Strip with stop {stop}");
        return TokenizerPart.TextOf(part, "content") is [var content] && part.Get("start") is { ValueKind: JsonValueKind.Number } start && start.TryGetInt32(out var most) && most >= 0
            ? (content, most)
            : throw new BadInputException("decoder Strip needs content, one character, and start, a number");
    }
}
