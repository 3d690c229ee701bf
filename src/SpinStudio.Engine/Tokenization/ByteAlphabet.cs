using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// The printable alphabet in which byte-level tokenizers spell bytes (as GPT-2 defined it): visible Latin-1 characters stand for themselves, the other
/// 68 bytes for U+0100, U+0101, … in order. A space is thus written Ġ.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes = Letters.Select((letter, value) => (letter, value)).ToDictionary(pair => pair.letter, pair => (byte)pair.value);

    public static char Letter(byte value) => Letters[value];

    /// <summary>UTF-8 bytes of a text, spelt.</summary>
    public static string Spell(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = text.Length <= 128 ? stackalloc byte[text.Length * 3] : new byte[Encoding.UTF8.GetByteCount(text)];
        var count = Encoding.UTF8.GetBytes(text, bytes);
        Span<char> letters = count <= 384 ? stackalloc char[count] : new char[count];
        for (var i = 0; i < count; i++)
            letters[i] = Letters[bytes[i]];
        return new string(letters);
    }

    /// <summary>Bytes that a token spells, or null when it has a letter outside the alphabet.</summary>
    public static byte[]? Read(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!Bytes.TryGetValue(token[i], out bytes[i]))
                return null;
        }
        return bytes;
    }

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = '\u0100';
        for (var value = 0; value < 256; value++)
            letters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++;
        return letters;
    }
}
