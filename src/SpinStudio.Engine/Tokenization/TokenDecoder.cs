using System.Text;
using System.Text.Unicode;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Makes text of ids. Safe for use from several threads.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Begins a text.</summary>
    public abstract Writing Start();

    /// <summary>What the token stands for inside a text; nothing for an id that no token has.</summary>
    public abstract byte[] BytesOf(int id);

    /// <summary>A text in the making: writes what it is sure of and holds the rest back.</summary>
    public abstract class Writing
    {
        public abstract void Append(int id, StringBuilder text);

        /// <summary>Writes what is held back; bytes that are no UTF-8 become U+FFFD.</summary>
        public abstract void Flush(StringBuilder text);
    }

    /// <summary>Every token stands for bytes.</summary>
    /// <param name="tokens">Id → bytes; empty where no token has the id.</param>
    public sealed class Bytes(byte[][] tokens) : TokenDecoder
    {
        public override Writing Start() => new BytesWriting(this);

        public override byte[] BytesOf(int id) => (uint)id < (uint)tokens.Length ? tokens[id] : [];

        private sealed class BytesWriting(Bytes decoder) : Writing
        {
            private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

            public override void Append(int id, StringBuilder text) => Convert(decoder.BytesOf(id), text, flush: false);

            public override void Flush(StringBuilder text) => Convert([], text, flush: true);

            private void Convert(ReadOnlySpan<byte> bytes, StringBuilder text, bool flush)
            {
                Span<char> characters = bytes.Length < 64 ? stackalloc char[66] : new char[bytes.Length + 2];
                text.Append(characters[.._decoder.GetChars(bytes, characters, flush)]);
            }
        }
    }

    /// <summary>Tokens are text, apart from those that stand for a byte.</summary>
    /// <param name="tokens">Id → text; null where no token has the id.</param>
    /// <param name="bytes">Ids of the tokens that stand for a byte → the byte.</param>
    /// <param name="dropped">Taken away from the beginning of the text, if it is there, as often as <paramref name="most"/> says.</param>
    public sealed class Texts(string?[] tokens, IReadOnlyDictionary<int, byte> bytes, char dropped, int most) : TokenDecoder
    {
        public override Writing Start() => new TextsWriting(tokens, bytes, dropped, most);

        public override byte[] BytesOf(int id) =>
            bytes.TryGetValue(id, out var value) ? [value] : (uint)id < (uint)tokens.Length && tokens[id] is { } token ? Encoding.UTF8.GetBytes(token) : [];

        /// <remarks>A run of byte tokens is text only as a whole: if one of its bytes is wrong, each becomes U+FFFD. So it is held back until it ends.</remarks>
        private sealed class TextsWriting(string?[] tokens, IReadOnlyDictionary<int, byte> bytes, char dropped, int most) : Writing
        {
            private readonly List<byte> _run = [];
            private int _toDrop = most;

            public override void Append(int id, StringBuilder text)
            {
                if (bytes.TryGetValue(id, out var value))
                {
                    _run.Add(value);
                    return;
                }
                if ((uint)id >= (uint)tokens.Length || tokens[id] is not { } token)
                    return;
                Flush(text);
                Write(token, text);
            }

            public override void Flush(StringBuilder text)
            {
                if (_run.Count == 0)
                    return;
                byte[] run = [.. _run];
                _run.Clear();
                Write(Utf8.IsValid(run) ? Encoding.UTF8.GetString(run) : new string('\uFFFD', run.Length), text);
            }

            private void Write(string token, StringBuilder text)
            {
                var start = 0;
                while (_toDrop > 0 && start < token.Length)
                {
                    if (token[start] != dropped)
                    {
                        _toDrop = 0;
                        break;
                    }
                    start++;
                    _toDrop--;
                }
                text.Append(token, start, token.Length - start);
            }
        }
    }
}
