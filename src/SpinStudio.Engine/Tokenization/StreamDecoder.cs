using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Decodes an answer token by token. What may still change, such as a character whose bytes are spread over several tokens, is held back.</summary>
public sealed class StreamDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly TokenDecoder.Writing _writing;
    private readonly StringBuilder _text = new();

    internal StreamDecoder(Tokenizer tokenizer, TokenDecoder decoder, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _writing = decoder.Start();
    }

    /// <summary>The text that this token completes; may be empty.</summary>
    public string Append(int id)
    {
        if (!(_skipSpecial && _tokenizer.IsSpecial(id)))
            _writing.Append(id, _text);
        return Taken();
    }

    /// <summary>What was held back at the end.</summary>
    public string Flush()
    {
        _writing.Flush(_text);
        return Taken();
    }

    private string Taken()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
