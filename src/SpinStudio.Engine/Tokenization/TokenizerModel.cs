using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>The parts of a <c>tokenizer.json</c>, in the order in which a text goes through them.</summary>
internal sealed class TokenizerModel
{
    public const int MostTokens = 1 << 22;

    private const long LongestFile = 128 << 20;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);

    private TokenizerModel(JsonElement json)
    {
        AddedTokens = [.. ReadAddedTokens(json)];
        foreach (var token in AddedTokens)
            _added[token.Content] = token.Id;
        Special = AddedTokens.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        Normalizer = NormalizerJson.Read(json.Get("normalizer"));
        PreTokenizer = PreTokenizerJson.Read(json.Get("pre_tokenizer"), out var isByteLevel);
        var model = new BytePairJson(json.Get("model"), AddedTokens);
        _vocabulary = model.Vocabulary;
        Merges = model.ReadMerges(isByteLevel);
        Tokens = Spell();
        Decoder = TokenDecoderJson.Read(json.Get("decoder"), isByteLevel, Tokens, AddedTokens.Select(token => token.Id).ToHashSet());
        (Before, After) = PostProcessorJson.Read(json.Get("post_processor"));
        if (Before.Concat(After).FirstOrDefault(id => (uint)id >= (uint)Tokens.Length, -1) is >= 0 and var missing)
            throw new BadInputException($"post_processor adds the id {missing}, which no token has");
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Ids of control tokens.</summary>
    public IReadOnlySet<int> Special { get; }

    public Normalizer Normalizer { get; }

    public PreTokenizer PreTokenizer { get; }

    public BytePairMerges Merges { get; }

    public TokenDecoder Decoder { get; }

    /// <summary>Ids that stand before a text by itself, usually the BOS.</summary>
    public int[] Before { get; }

    /// <summary>Ids that stand after it.</summary>
    public int[] After { get; }

    /// <summary>Id → token as it is spelt; null where no token has the id.</summary>
    public string?[] Tokens { get; }

    public static TokenizerModel Load(string path) => JsonFile.Read(path, LongestFile, json => new TokenizerModel(json));

    public int? IdOf(string token) => _added.TryGetValue(token, out var id) || _vocabulary.TryGetValue(token, out id) ? id : null;

    private static IEnumerable<AddedToken> ReadAddedTokens(JsonElement json)
    {
        if (json.Get("added_tokens") is not { } list)
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw new BadInputException($"added_tokens must be a list, not {JsonFile.Name(list)}");
        foreach (var token in list.EnumerateArray())
        {
            if (TokenizerPart.TextOf(token, "content") is not { } content)
                throw new BadInputException("an added token has no content");
            yield return new AddedToken(
                BytePairJson.ReadId(token.Get("id") ?? default, content), content, TokenizerPart.Flag(token, "special"),
                TokenizerPart.Flag(token, "lstrip"), TokenizerPart.Flag(token, "rstrip"), TokenizerPart.Flag(token, "single_word"), TokenizerPart.Flag(token, "normalized"));
        }
    }

    private string?[] Spell()
    {
        var tokens = new string?[1 + Math.Max(_vocabulary.Values.Max(), AddedTokens.Select(token => token.Id).DefaultIfEmpty(0).Max())];
        foreach (var (token, id) in _vocabulary)
            tokens[id] = token;
        foreach (var token in AddedTokens)
            tokens[token.Id] = token.Content;
        return tokens;
    }
}
