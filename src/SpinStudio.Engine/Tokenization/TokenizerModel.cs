using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>The parts of a <c>tokenizer.json</c>. A part of another kind than those of byte-level BPE is refused by name: approximating it would give other tokens.</summary>
internal sealed class TokenizerModel
{
    private const long LongestFile = 128 << 20;
    private const int MostTokens = 1 << 22;

    private readonly Dictionary<string, int> _vocabulary = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);

    private TokenizerModel(JsonElement json)
    {
        AddedTokens = [.. ReadAddedTokens(json)];
        foreach (var token in AddedTokens)
            _added[token.Content] = token.Id;
        Special = AddedTokens.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        NormalizesToNfc = ReadNormalizer(json.Get("normalizer"));
        PreTokenizer = ReadPreTokenizer(json.Get("pre_tokenizer") ?? throw NotByteLevel("pre_tokenizer null"), out var byteLevel);
        if (!byteLevel)
            throw NotByteLevel($"pre_tokenizer {TypeOf(json.Get("pre_tokenizer")!.Value)} without ByteLevel");
        CheckDecoder(json.Get("decoder"));
        Merges = ReadModel(json.Get("model") ?? throw new BadInputException("model is missing"));
        Tokens = SpellOut();
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Ids of control tokens.</summary>
    public IReadOnlySet<int> Special { get; }

    public bool NormalizesToNfc { get; }

    public PreTokenizer PreTokenizer { get; }

    public BytePairMerges Merges { get; }

    /// <summary>Id → bytes that it stands for; empty where no token has the id.</summary>
    public byte[][] Tokens { get; }

    public static TokenizerModel Load(string path) => JsonFile.Read(path, LongestFile, json => new TokenizerModel(json));

    public int? IdOf(string token) => _added.TryGetValue(token, out var id) || _vocabulary.TryGetValue(token, out id) ? id : null;

    private static BadInputException NotByteLevel(string what) => new($"{what} is not supported; tokenizers of byte-level BPE (Llama 3, Qwen, SmolLM, GPT-2) are");

    private static string TypeOf(JsonElement part) => part.Get("type") is { ValueKind: JsonValueKind.String } type ? type.GetString()! : "without a type";

    private static bool Flag(JsonElement json, string key, bool missing = false) => json.Get(key) switch
    {
        null => missing,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw new BadInputException($"{key} must be true or false, not {JsonFile.Name(other)}"),
    };

    private static IEnumerable<AddedToken> ReadAddedTokens(JsonElement json)
    {
        if (json.Get("added_tokens") is not { } list)
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw new BadInputException($"added_tokens must be a list, not {JsonFile.Name(list)}");
        foreach (var token in list.EnumerateArray())
        {
            if (token.Get("content") is not { ValueKind: JsonValueKind.String } content)
                throw new BadInputException("an added token has no content");
            yield return new AddedToken(
                ReadId(token.Get("id") ?? default, content.GetString()!), content.GetString()!, Flag(token, "special"),
                Flag(token, "lstrip"), Flag(token, "rstrip"), Flag(token, "single_word"), Flag(token, "normalized"));
        }
    }

    private static int ReadId(JsonElement id, string token) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) && value is >= 0 and < MostTokens
        ? value
        : throw new BadInputException($"id of token '{token}' must be a whole number from 0 to {MostTokens - 1}");

    private static bool ReadNormalizer(JsonElement? part)
    {
        if (part is not { } normalizer)
            return false;
        return TypeOf(normalizer) switch
        {
            "NFC" => true,
            "Sequence" when normalizer.Get("normalizers") is { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Aggregate(false, (nfc, one) => ReadNormalizer(one) | nfc),
            var type => throw NotByteLevel($"normalizer {type}"),
        };
    }

    private static PreTokenizer ReadPreTokenizer(JsonElement part, out bool byteLevel)
    {
        byteLevel = false;
        switch (TypeOf(part))
        {
            case "ByteLevel":
                byteLevel = true;
                return ReadByteLevel(part);
            case "Digits":
                return new PreTokenizer.Digits(Flag(part, "individual_digits"));
            case "Split":
                return ReadSplit(part);
            case "Sequence" when part.Get("pretokenizers") is { ValueKind: JsonValueKind.Array } list:
                var steps = new List<PreTokenizer>();
                foreach (var step in list.EnumerateArray())
                {
                    if (byteLevel)
                        throw NotByteLevel("pre_tokenizer ByteLevel before the end of a Sequence");
                    steps.Add(ReadPreTokenizer(step, out byteLevel));
                }
                return new PreTokenizer.Sequence(steps);
            case var type:
                throw NotByteLevel($"pre_tokenizer {type}");
        }
    }

    private static PreTokenizer ReadByteLevel(JsonElement part)
    {
        var whole = new PreTokenizer.Whole(Flag(part, "add_prefix_space", missing: true));
        return Flag(part, "use_regex", missing: true) ? new PreTokenizer.Sequence([whole, new PreTokenizer.Pattern(PreTokenizer.Pattern.Gpt2)]) : whole;
    }

    private static PreTokenizer.Pattern ReadSplit(JsonElement part)
    {
        if (Flag(part, "invert"))
            throw NotByteLevel("pre_tokenizer Split with invert");
        if (part.Get("behavior") is not { ValueKind: JsonValueKind.String } behavior || behavior.GetString() != "Isolated")
            throw NotByteLevel($"pre_tokenizer Split with behavior {part.Get("behavior")}");
        if (part.Get("pattern")?.Get("Regex") is { ValueKind: JsonValueKind.String } regex)
            return new PreTokenizer.Pattern(regex.GetString()!);
        return part.Get("pattern")?.Get("String") is { ValueKind: JsonValueKind.String } literal
            ? new PreTokenizer.Pattern(Regex.Escape(literal.GetString()!))
            : throw new BadInputException("pre_tokenizer Split has no pattern");
    }

    private static void CheckDecoder(JsonElement? part)
    {
        if (part is not { } decoder)
            throw NotByteLevel("decoder null");
        if (TypeOf(decoder) == "Sequence" && decoder.Get("decoders") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 1)
            decoder = list[0];
        if (TypeOf(decoder) != "ByteLevel")
            throw NotByteLevel($"decoder {TypeOf(decoder)}");
    }

    private BytePairMerges ReadModel(JsonElement model)
    {
        // Files of the first years name no type; they have merges.
        var type = model.Get("type") is null && model.Get("merges") is not null ? "BPE" : TypeOf(model);
        if (type != "BPE")
            throw NotByteLevel($"model {type}");
        if (Flag(model, "byte_fallback"))
            throw NotByteLevel("model BPE with byte_fallback");
        if (model.Get("dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw NotByteLevel("model BPE with dropout");
        foreach (var key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Get(key) is { } affix && !(affix.ValueKind == JsonValueKind.String && affix.GetString() == ""))
                throw NotByteLevel($"model BPE with {key}");
        }
        ReadVocabulary(model);
        int? unknown = model.Get("unk_token") is { ValueKind: JsonValueKind.String } unk
            ? IdOf(unk.GetString()!) ?? throw new BadInputException($"unk_token '{unk.GetString()}' is not in the vocabulary")
            : null;
        // A piece looked up whole must never come out as a control token.
        var wholeWords = Flag(model, "ignore_merges") ? _vocabulary.Values.Where(id => !Special.Contains(id)).ToHashSet() : null;
        return new BytePairMerges(_vocabulary, ReadMerges(model), wholeWords, unknown);
    }

    private void ReadVocabulary(JsonElement model)
    {
        if (model.Get("vocab") is not { ValueKind: JsonValueKind.Object } vocabulary)
            throw new BadInputException("model has no vocab");
        var ids = new HashSet<int>();
        foreach (var entry in vocabulary.EnumerateObject())
        {
            var id = ReadId(entry.Value, entry.Name);
            if (!_vocabulary.TryAdd(entry.Name, id))
                throw new BadInputException($"token '{entry.Name}' is twice in the vocabulary");
            if (!ids.Add(id))
                throw new BadInputException($"two tokens of the vocabulary have the id {id}");
        }
        if (_vocabulary.Count == 0)
            throw new BadInputException("the vocabulary is empty");
        foreach (var token in AddedTokens.Where(token => ids.Contains(token.Id) && !(_vocabulary.TryGetValue(token.Content, out var same) && same == token.Id)))
            throw new BadInputException($"added token '{token.Content}' has the id {token.Id} of another token of the vocabulary");
    }

    private Dictionary<(int Left, int Right), (int Rank, int Joined)> ReadMerges(JsonElement model)
    {
        if (model.Get("merges") is not { ValueKind: JsonValueKind.Array } list)
            throw new BadInputException("model has no merges");
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Joined)>(list.GetArrayLength());
        foreach (var (rank, merge) in list.EnumerateArray().Index())
        {
            var (left, right) = ReadMerge(merge, rank);
            merges[(Known(left), Known(right))] = (rank, Known(left + right));

            int Known(string token) => _vocabulary.TryGetValue(token, out var id) ? id : throw new BadInputException($"merge {rank}: '{token}' is not in the vocabulary");
        }
        return merges;
    }

    /// <summary>A merge is written as "left right" or as a pair.</summary>
    private static (string Left, string Right) ReadMerge(JsonElement merge, int rank)
    {
        if (merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [var first, var second])
            return (first, second);
        return merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : throw new BadInputException($"merge {rank} must be \"left right\" or a pair of strings");
    }

    private byte[][] SpellOut()
    {
        var size = 1 + Math.Max(_vocabulary.Values.Max(), AddedTokens.Select(token => token.Id).DefaultIfEmpty(0).Max());
        var tokens = Enumerable.Repeat<byte[]>([], size).ToArray();
        foreach (var (token, id) in _vocabulary)
            tokens[id] = ByteAlphabet.Read(token) ?? Encoding.UTF8.GetBytes(token);
        foreach (var token in AddedTokens)
            tokens[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        return tokens;
    }
}
