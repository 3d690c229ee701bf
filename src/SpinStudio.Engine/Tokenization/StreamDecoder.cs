using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Decodes an answer token by token. A character whose bytes are spread over several tokens is held back until it is whole.</summary>
public sealed class StreamDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal StreamDecoder(Tokenizer tokenizer, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
    }

    /// <summary>The text that this token completes; may be empty.</summary>
    public string Append(int id) => Convert(_tokenizer.BytesOf(id, _skipSpecial), flush: false);

    /// <summary>What was held back at the end: nothing, or one replacement character.</summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        return new string(characters, 0, _decoder.GetChars(bytes, characters, flush));
    }
}
