using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Reads <c>model</c>: vocabulary and merges.</summary>
internal sealed class BytePairJson
{
    private const char WordMark = '\u2581';

    private readonly JsonElement _model;
    private readonly HashSet<int> _special;

    /// <param name="added">Added tokens: their ids are theirs alone.</param>
    public BytePairJson(JsonElement? model, IReadOnlyList<AddedToken> added)
    {
        _model = model ?? throw new BadInputException("model is missing");
        _special = added.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        CheckKind();
        ReadVocabulary(added);
    }

    /// <summary>Token as it is spelt → id, without added tokens that the vocabulary does not list.</summary>
    public Dictionary<string, int> Vocabulary { get; } = new(StringComparer.Ordinal);

    public BytePairMerges ReadMerges(bool isByteLevel)
    {
        var merges = ReadPairs(out var mayCutAtWords);
        var unknown = new UnknownToken(ReadUnknown(), TokenizerPart.Flag(_model, "fuse_unk"));
        SymbolAlphabet alphabet = isByteLevel
            ? new SymbolAlphabet.Bytes(Vocabulary, unknown)
            : new SymbolAlphabet.Characters(Vocabulary, TokenizerPart.Flag(_model, "byte_fallback"), unknown);
        return new BytePairMerges(new MergeTable(merges), alphabet, WholeWords(), !isByteLevel && mayCutAtWords ? WordMark : null);
    }

    /// <summary>The merges as they are spelt, first ones first.</summary>
    /// <exception cref="BadInputException">There are none, or one is no pair.</exception>
    public static IReadOnlyList<(string Left, string Right)> MergesOf(JsonElement model) => model.Get("merges") is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select((merge, rank) => ReadPair(merge, rank))]
        : throw new BadInputException("model has no merges");

    public static int ReadId(JsonElement id, string token) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) && value is >= 0 and < TokenizerModel.MostTokens
        ? value
        : throw new BadInputException($"id of token '{token}' must be a whole number from 0 to {TokenizerModel.MostTokens - 1}");

    private void CheckKind()
    {
        // Files of the first years name no type; they have merges.
        var type = _model.Get("type") is null && _model.Get("merges") is not null ? "BPE" : TokenizerPart.TypeOf(_model);
        if (type != "BPE")
            throw TokenizerPart.NotSupported($"model {type}");
        if (_model.Get("dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw TokenizerPart.NotSupported("model BPE with dropout");
        foreach (var key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (_model.Get(key) is { } affix && !(affix.ValueKind == JsonValueKind.String && affix.GetString() == ""))
                throw TokenizerPart.NotSupported($"model BPE with {key}");
        }
    }

    private void ReadVocabulary(IReadOnlyList<AddedToken> added)
    {
        if (_model.Get("vocab") is not { ValueKind: JsonValueKind.Object } vocabulary)
            throw new BadInputException("model has no vocab");
        var ids = new HashSet<int>();
        foreach (var entry in vocabulary.EnumerateObject())
        {
            var id = ReadId(entry.Value, entry.Name);
            if (!Vocabulary.TryAdd(entry.Name, id))
                throw new BadInputException($"token '{entry.Name}' is twice in the vocabulary");
            if (!ids.Add(id))
                throw new BadInputException($"two tokens of the vocabulary have the id {id}");
        }
        if (Vocabulary.Count == 0)
            throw new BadInputException("the vocabulary is empty");
        foreach (var token in added.Where(token => ids.Contains(token.Id) && !(Vocabulary.TryGetValue(token.Content, out var same) && same == token.Id)))
            throw new BadInputException($"added token '{token.Content}' has the id {token.Id} of another token of the vocabulary");
    }

    private int? ReadUnknown()
    {
        if (TokenizerPart.TextOf(_model, "unk_token") is not { } unknown)
            return null;
        return Vocabulary.TryGetValue(unknown, out var id) ? id : throw new BadInputException($"unk_token '{unknown}' is not in the vocabulary");
    }

    /// <summary>A piece looked up whole must never come out as a control token.</summary>
    private Dictionary<string, int>? WholeWords() => TokenizerPart.Flag(_model, "ignore_merges")
        ? new(Vocabulary.Where(token => !_special.Contains(token.Value)), StringComparer.Ordinal)
        : null;

    /// <param name="mayCutAtWords">No merge puts the mark of a word's start after another character.</param>
    private List<(int Left, int Right, int Joined)> ReadPairs(out bool mayCutAtWords)
    {
        var pairs = MergesOf(_model);
        var merges = new List<(int Left, int Right, int Joined)>(pairs.Count);
        mayCutAtWords = Vocabulary.ContainsKey(WordMark.ToString());
        foreach (var (rank, (left, right)) in pairs.Index())
        {
            var merged = (Left: Known(left), Right: Known(right), Joined: Known(left + right));
            // Nor must merges: a control token is never made of a text's characters. The rank stays taken.
            merges.Add(_special.Contains(merged.Joined) ? (-1, -1, -1) : merged);
            mayCutAtWords &= !(right.StartsWith(WordMark) && !left.EndsWith(WordMark));

            int Known(string token) => Vocabulary.TryGetValue(token, out var id) ? id : throw new BadInputException($"merge {rank}: '{token}' is not in the vocabulary");
        }
        return merges;
    }

    /// <summary>A merge is written as "left right" or as a pair.</summary>
    private static (string Left, string Right) ReadPair(JsonElement merge, int rank)
    {
        if (merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [var first, var second])
            return (first, second);
        return merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : throw new BadInputException($"merge {rank} must be \"left right\" or a pair of strings");
    }
}
