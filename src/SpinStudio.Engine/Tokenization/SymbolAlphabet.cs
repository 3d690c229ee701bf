using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>What merging starts from: the ids of a piece's single symbols.</summary>
internal abstract class SymbolAlphabet
{
    /// <summary>The piece as the vocabulary spells it.</summary>
    public abstract string Spell(ReadOnlySpan<char> piece);

    /// <exception cref="BadInputException">A symbol has no token and the tokenizer no unknown token.</exception>
    public abstract List<int> Symbols(ReadOnlySpan<char> piece);

    /// <summary>The bytes of the text in UTF-8, each spelt with a letter of <see cref="ByteAlphabet"/>.</summary>
    public sealed class Bytes : SymbolAlphabet
    {
        private readonly int[] _ids;
        private readonly UnknownToken _unknown;

        public Bytes(IReadOnlyDictionary<string, int> vocabulary, UnknownToken unknown)
        {
            _ids = [.. Enumerable.Range(0, 256).Select(value => vocabulary.GetValueOrDefault(ByteAlphabet.Letter((byte)value).ToString(), -1))];
            _unknown = unknown;
        }

        public override string Spell(ReadOnlySpan<char> piece) => ByteAlphabet.Spell(piece);

        public override List<int> Symbols(ReadOnlySpan<char> piece)
        {
            Span<byte> bytes = piece.Length <= 128 ? stackalloc byte[piece.Length * 3] : new byte[Encoding.UTF8.GetByteCount(piece)];
            var count = Encoding.UTF8.GetBytes(piece, bytes);
            var symbols = new List<int>(count);
            var unknown = false;
            foreach (var value in bytes[..count])
                unknown = _ids[value] < 0 ? _unknown.Append(symbols, unknown, $"byte 0x{value:X2}") : Known(symbols, _ids[value]);
            return symbols;
        }
    }

    /// <summary>The text's characters; one without a token falls back to the tokens of its bytes, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, where there are such.</summary>
    public sealed class Characters : SymbolAlphabet
    {
        private readonly Dictionary<int, int> _ids = [];
        private readonly int[]? _byteIds;
        private readonly UnknownToken _unknown;

        public Characters(IReadOnlyDictionary<string, int> vocabulary, bool byteFallback, UnknownToken unknown)
        {
            foreach (var (token, id) in vocabulary)
            {
                if (Rune.DecodeFromUtf16(token, out var rune, out var length) == System.Buffers.OperationStatus.Done && length == token.Length)
                    _ids[rune.Value] = id;
            }
            _byteIds = byteFallback ? [.. Enumerable.Range(0, 256).Select(value => vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1))] : null;
            _unknown = unknown;
        }

        public override string Spell(ReadOnlySpan<char> piece) => piece.ToString();

        public override List<int> Symbols(ReadOnlySpan<char> piece)
        {
            var symbols = new List<int>(piece.Length);
            var unknown = false;
            foreach (var rune in piece.EnumerateRunes())
            {
                if (_ids.TryGetValue(rune.Value, out var id))
                    unknown = Known(symbols, id);
                else if (FallBack(rune, symbols))
                    unknown = false;
                else
                    unknown = _unknown.Append(symbols, unknown, $"character U+{rune.Value:X4}");
            }
            return symbols;
        }

        private bool FallBack(Rune rune, List<int> symbols)
        {
            Span<byte> bytes = stackalloc byte[4];
            bytes = bytes[..rune.EncodeToUtf8(bytes)];
            if (_byteIds is null)
                return false;
            foreach (var value in bytes)
            {
                if (_byteIds[value] < 0)
                    return false;
            }
            foreach (var value in bytes)
                symbols.Add(_byteIds[value]);
            return true;
        }
    }

    private static bool Known(List<int> symbols, int id)
    {
        symbols.Add(id);
        return false;
    }
}

/// <summary>Stands for what has no token.</summary>
/// <param name="Id">Null: such text is refused.</param>
/// <param name="IsFused">One stands for a whole run.</param>
internal readonly record struct UnknownToken(int? Id, bool IsFused)
{
    /// <param name="follows">The symbol before is unknown too.</param>
    /// <param name="what">For the error.</param>
    /// <returns>True: the last symbol is unknown.</returns>
    public bool Append(List<int> symbols, bool follows, string what)
    {
        var id = Id ?? throw new BadInputException($"the tokenizer has neither a token for {what} nor an unknown token");
        if (!(follows && IsFused))
            symbols.Add(id);
        return true;
    }
}
