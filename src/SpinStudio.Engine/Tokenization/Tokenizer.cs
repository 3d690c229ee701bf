using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// A byte-level byte-pair tokenizer as Hugging Face's <c>tokenizer.json</c> describes it. Encoding adds nothing to the text: what stands before and after it is
/// the chat template's business. Safe for use from several threads.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>Put into a text by <see cref="Shield"/>, taken out again by <see cref="Encode"/>. A noncharacter: Unicode reserves it for such internal use.</summary>
    private const char ShieldMark = '\uFDD0';

    private readonly TokenizerModel _model;
    private readonly AddedTokenSplitter _raw;
    private readonly AddedTokenSplitter _normalized;
    private readonly AddedTokenSplitter _special;

    internal Tokenizer(TokenizerModel model, TokenizerSettings settings)
    {
        _model = model;
        _raw = new AddedTokenSplitter(model.AddedTokens.Where(token => !token.Normalized));
        _normalized = new AddedTokenSplitter(model.AddedTokens.Where(token => token.Normalized));
        _special = new AddedTokenSplitter(model.AddedTokens.Where(token => token.Special));
        if (model.AddedTokens.FirstOrDefault(token => token.Special && token.Content.EnumerateRunes().Count() == 1) is { } single)
            throw new BadInputException($"special token '{single.Content}' is a single character and could not be told from text");
        Settings = settings;
        AddedTokens = [.. model.AddedTokens.OrderBy(token => token.Id)];
        BosTokenId = settings.BosToken is { } bos ? IdOf(bos) : null;
        EosTokenId = settings.EosToken is { } eos ? IdOf(eos) : null;
        PadTokenId = settings.PadToken is { } pad ? IdOf(pad) : null;
    }

    /// <summary>Reads <c>tokenizer.json</c> and, where present, <c>tokenizer_config.json</c> and <c>chat_template.jinja</c> of a model folder.</summary>
    /// <exception cref="BadInputException">The file is missing or malformed, or uses a kind of tokenizer that is not supported; the message names it.</exception>
    public static Tokenizer Load(string folder) => new(TokenizerModel.Load(Path.Combine(folder, "tokenizer.json")), TokenizerSettings.Load(folder));

    /// <summary>One above the highest id. The model's vocabulary may be padded to more.</summary>
    public int VocabSize => _model.Tokens.Length;

    /// <summary>Control and other added tokens, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>What <c>tokenizer_config.json</c> says.</summary>
    public TokenizerSettings Settings { get; }

    public int? BosTokenId { get; }

    /// <summary>The tokenizer's own end token. A chat template may close its turns with another one.</summary>
    public int? EosTokenId { get; }

    public int? PadTokenId { get; }

    /// <summary>The id of a token given as it is spelt in the vocabulary or, for an added token, as it stands in the text; null when there is none.</summary>
    public int? IdOf(string token) => _model.IdOf(token);

    /// <summary>True for control tokens.</summary>
    public bool IsSpecial(int id) => _model.Special.Contains(id);

    /// <summary>Ids of a text. Added tokens in it, control tokens among them, are recognised.</summary>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3);
        var pieces = new List<ReadOnlyMemory<char>>();
        foreach (var (raw, rawToken) in _raw.Split(WithoutLoneSurrogates(text)))
        {
            if (rawToken is not null)
            {
                ids.Add(rawToken.Id);
                continue;
            }
            foreach (var (part, token) in _normalized.Split(Normalize(raw)))
            {
                if (token is not null)
                    ids.Add(token.Id);
                else
                    EncodePlainPart(part, pieces, ids);
            }
        }
        return [.. ids];
    }

    /// <summary>Ids of a text that is a user's or a model's: control tokens written out in it are encoded as the letters that they are made of.</summary>
    public int[] EncodePlain(string text) => Encode(Shield(text));

    /// <summary>
    /// The text with an invisible mark inside everything that reads like a control token, so that <see cref="Encode"/> takes it for plain text even after a chat
    /// template has put it between real control tokens.
    /// </summary>
    public string Shield(string text)
    {
        text = Normalize(WithoutLoneSurrogates(text).Replace(ShieldMark, '\uFFFD'));
        StringBuilder? shielded = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (_special.Longest(text, at) is not null)
            {
                shielded ??= new StringBuilder(text, 0, at, text.Length + 8);
                shielded.Append(text[at]);
                if (char.IsHighSurrogate(text[at]))
                    shielded.Append(text[++at]);
                shielded.Append(ShieldMark);
            }
            else
            {
                shielded?.Append(text[at]);
            }
        }
        return shielded?.ToString() ?? text;
    }

    /// <summary>Removes the marks of <see cref="Shield"/>.</summary>
    public static string Unshield(string text) => text.Replace(ShieldMark.ToString(), "", StringComparison.Ordinal);

    /// <summary>The text of ids; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="skipSpecial">Leave control tokens out.</param>
    public string Decode(IEnumerable<int> ids, bool skipSpecial = true)
    {
        using var bytes = new MemoryStream();
        foreach (var id in ids)
            bytes.Write(BytesOf(id, skipSpecial));
        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>A decoder for one answer as it grows.</summary>
    public StreamDecoder StreamDecoder(bool skipSpecial = true) => new(this, skipSpecial);

    /// <summary>The bytes that a token stands for; none for a skipped control token and for an id that the tokenizer does not have (models may be padded).</summary>
    public ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial) =>
        (uint)id >= (uint)_model.Tokens.Length || (skipSpecial && IsSpecial(id)) ? [] : _model.Tokens[id];

    private void EncodePlainPart(string part, List<ReadOnlyMemory<char>> pieces, List<int> ids)
    {
        part = Unshield(part);
        pieces.Clear();
        _model.PreTokenizer.Split(part.AsMemory(), pieces);
        foreach (var piece in pieces)
            _model.Merges.Encode(piece.Span, ids);
    }

    private string Normalize(string text) => _model.NormalizesToNfc ? Nfc.Normalize(text) : text;

    private static string WithoutLoneSurrogates(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
