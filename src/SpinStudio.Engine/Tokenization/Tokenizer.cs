using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// A byte-pair tokenizer as Hugging Face's <c>tokenizer.json</c> describes it. Encoding adds nothing to the text unless it is asked to: what stands before and after it
/// is the chat template's business. Safe for use from several threads.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>Put into a text by <see cref="Shield"/>, taken out again by <see cref="Encode"/>. A noncharacter: Unicode reserves it for such internal use.</summary>
    private const char ShieldMark = '\uFDD0';

    private readonly TokenizerModel _model;
    private readonly AddedTokenSplitter _raw;
    private readonly AddedTokenSplitter _normalized;
    private readonly AddedTokenSplitter _special;
    private readonly AddedTokenSplitter _specialNormalized;

    internal Tokenizer(TokenizerModel model, TokenizerSettings settings)
    {
        _model = model;
        _raw = new AddedTokenSplitter(model.AddedTokens.Where(token => !token.Normalized));
        var normalized = model.AddedTokens.Where(token => token.Normalized).ToList();
        _normalized = new AddedTokenSplitter(normalized.Select(token => token with { Content = model.Normalizer.Normalize(token.Content) }));
        _special = new AddedTokenSplitter(model.AddedTokens.Where(token => token.Special));
        _specialNormalized = new AddedTokenSplitter(normalized.Where(token => token.Special).Select(token => token with { Content = model.Normalizer.WithoutPrefix(token.Content) }));
        if (normalized.Find(token => token.Special) is { } token && model.Normalizer.ChangesLength)
            throw new BadInputException($"special token '{token.Content}' is searched for after a normalizer that changes lengths, and could not be told from text");
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

    /// <summary>The token of an id as the vocabulary spells it; null where there is none.</summary>
    public string? Spelling(int id) => (uint)id < (uint)_model.Tokens.Length ? _model.Tokens[id] : null;

    /// <summary>Control and other added tokens, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>For people: how it makes tokens.</summary>
    public string Kind => IsByteLevel ? "byte-level BPE" : "SentencePiece-style BPE";

    /// <summary>Merges work on bytes, not on characters.</summary>
    internal bool IsByteLevel => _model.Decoder is TokenDecoder.Bytes;

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
    /// <param name="addSpecial">Add the control tokens that the file puts around a text by itself (<c>post_processor</c>), usually a BOS.</param>
    public int[] Encode(string text, bool addSpecial = false)
    {
        var ids = new List<int>(text.Length / 3);
        if (addSpecial)
            ids.AddRange(_model.Before);
        Encode(text, PiecePlace.Start, ids);
        if (addSpecial)
            ids.AddRange(_model.After);
        return [.. ids];
    }

    /// <summary>
    /// Ids of a text that goes on from another one. Some tokenizers put a space before every text; not so before this one, unless a control token ends what stands before.
    /// </summary>
    public int[] EncodeAfter(string before, string text)
    {
        var ids = new List<int>(text.Length / 3);
        Encode(text, before.Length == 0 ? PiecePlace.Start : EndsWithAddedToken(before) ? PiecePlace.AfterCut : PiecePlace.Within, ids);
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
        text = _model.Normalizer.Form(WithoutLoneSurrogates(text).Replace(ShieldMark, '\uFFFD'));
        var normalized = _specialNormalized.IsEmpty ? text : _model.Normalizer.WithoutPrefix(text);
        StringBuilder? shielded = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (_special.Longest(text, at) is not null || _specialNormalized.Longest(normalized, at) is not null)
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
        var text = new StringBuilder();
        var writing = _model.Decoder.Start();
        foreach (var id in ids)
        {
            if (!(skipSpecial && IsSpecial(id)))
                writing.Append(id, text);
        }
        writing.Flush(text);
        return text.ToString();
    }

    /// <summary>A decoder for one answer as it grows.</summary>
    public StreamDecoder StreamDecoder(bool skipSpecial = true) => new(this, _model.Decoder, skipSpecial);

    /// <summary>The bytes that a token stands for; none for a skipped control token and for an id that the tokenizer does not have (models may be padded).</summary>
    public ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial) => skipSpecial && IsSpecial(id) ? [] : _model.Decoder.BytesOf(id);

    private void Encode(string text, PiecePlace opening, List<int> ids)
    {
        var pieces = new List<TextPiece>();
        foreach (var raw in _raw.Split(WithoutLoneSurrogates(text)))
        {
            if (raw.Token is { } rawToken)
            {
                ids.Add(rawToken.Id);
                continue;
            }
            var place = raw.Start == 0 ? opening : PiecePlace.AfterCut;
            var normalized = place == PiecePlace.Within ? _model.Normalizer.WithoutPrefix(raw.Text) : _model.Normalizer.Normalize(raw.Text);
            foreach (var part in _normalized.Split(normalized))
            {
                if (part.Token is { } token)
                    ids.Add(token.Id);
                else
                    EncodePlainPart(part.Text, part.Start == 0 ? place : PiecePlace.AfterCut, pieces, ids);
            }
        }
    }

    private bool EndsWithAddedToken(string text) =>
        _raw.Split(text).Last() is var raw && (raw.Token is not null || _normalized.Split(_model.Normalizer.Normalize(raw.Text)).LastOrDefault().Token is not null);

    private void EncodePlainPart(string part, PiecePlace place, List<TextPiece> pieces, List<int> ids)
    {
        pieces.Clear();
        _model.PreTokenizer.Split(new TextPiece(Unshield(part).AsMemory(), place), pieces);
        foreach (var piece in pieces)
            _model.Merges.Encode(piece.Text.Span, ids);
    }

    private static string WithoutLoneSurrogates(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
