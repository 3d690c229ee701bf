using System.Text.Json;
using System.Text.RegularExpressions;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Reads <c>pre_tokenizer</c>.</summary>
internal static class PreTokenizerJson
{
    /// <param name="isByteLevel">The merges work on bytes.</param>
    public static PreTokenizer Read(JsonElement? part, out bool isByteLevel)
    {
        isByteLevel = false;
        var steps = new List<PreTokenizer>();
        foreach (var step in part is { } given ? TokenizerPart.Steps(given, "pretokenizers") : [])
        {
            // What follows would see the letters that spell bytes.
            if (isByteLevel)
                throw TokenizerPart.NotSupported("pre_tokenizer ByteLevel before the end of a Sequence");
            isByteLevel = TokenizerPart.TypeOf(step) == "ByteLevel";
            steps.Add(ReadOne(step));
        }
        return steps.Count == 1 ? steps[0] : new PreTokenizer.Sequence(steps);
    }

    private static PreTokenizer ReadOne(JsonElement part) => TokenizerPart.TypeOf(part) switch
    {
        "ByteLevel" => ReadByteLevel(part),
        "Split" => ReadSplit(part),
        "Digits" => PreTokenizer.Digits(TokenizerPart.Flag(part, "individual_digits")),
        "Punctuation" => PreTokenizer.Punctuation(ReadBehavior(part, missing: SplitBehavior.Isolated)),
        "Metaspace" => ReadMetaspace(part),
        var type => throw TokenizerPart.NotSupported($"pre_tokenizer {type}"),
    };

    private static PreTokenizer ReadByteLevel(JsonElement part)
    {
        var whole = new PreTokenizer.Whole(TokenizerPart.Flag(part, "add_prefix_space", missing: true));
        return TokenizerPart.Flag(part, "use_regex", missing: true) ? new PreTokenizer.Sequence([whole, new PreTokenizer.Pattern(new SplitPattern(SplitPattern.Gpt2))]) : whole;
    }

    private static PreTokenizer.Pattern ReadSplit(JsonElement part)
    {
        var regex = part.Get("pattern") is not { } pattern ? null
            : TokenizerPart.TextOf(pattern, "Regex") ?? (TokenizerPart.TextOf(pattern, "String") is { Length: > 0 } literal ? Regex.Escape(literal) : null);
        return new PreTokenizer.Pattern(
            new SplitPattern(regex ?? throw new BadInputException("pre_tokenizer Split has no pattern")), ReadBehavior(part, missing: null), TokenizerPart.Flag(part, "invert"));
    }

    private static SplitBehavior ReadBehavior(JsonElement part, SplitBehavior? missing)
    {
        if (part.Get("behavior") is null && missing is { } usual)
            return usual;
        return TokenizerPart.TextOf(part, "behavior") is { } name && Enum.GetNames<SplitBehavior>().Contains(name)
            ? Enum.Parse<SplitBehavior>(name)
            : throw TokenizerPart.NotSupported($"pre_tokenizer {TokenizerPart.TypeOf(part)} with behavior {part.Get("behavior")}");
    }

    private static PreTokenizer.Metaspace ReadMetaspace(JsonElement part)
    {
        var mark = TokenizerPart.TextOf(part, "replacement") ?? "\u2581";
        if (mark.Length != 1)
            throw TokenizerPart.NotSupported($"pre_tokenizer Metaspace with replacement '{mark}'");
        // Files of earlier years have a flag instead of the scheme.
        var prefix = (TokenizerPart.TextOf(part, "prepend_scheme"), TokenizerPart.Flag(part, "add_prefix_space", missing: true)) switch
        {
            ("first", _) => MetaspacePrefix.First,
            ("always", _) or (null, true) => MetaspacePrefix.Always,
            ("never", _) or (null, false) => MetaspacePrefix.Never,
            var (scheme, _) => throw TokenizerPart.NotSupported($"pre_tokenizer Metaspace with prepend_scheme '{scheme}'"),
        };
        return new PreTokenizer.Metaspace(mark[0], prefix, TokenizerPart.Flag(part, "split", missing: true));
    }
}
