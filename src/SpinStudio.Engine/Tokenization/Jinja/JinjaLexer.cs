using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>
/// Cuts a template into tokens. Blanks around tags are treated as in chat templates: the newline after a block tag is dropped (<c>trim_blocks</c>), as are blanks
/// before one that starts a line (<c>lstrip_blocks</c>); <c>-</c> drops all blanks on its side, <c>+</c> keeps them. One newline at the end of the template is dropped.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
        ["//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", ";"];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _dropBlanks;

    private JinjaLexer(string source) => _source = source;

    public static List<JinjaToken> Read(string source)
    {
        source = source.ReplaceLineEndings("\n");
        var lexer = new JinjaLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            var open = FindOpen();
            ReadText(open);
            if (open == _source.Length)
                break;
            var kind = _source[open + 1];
            _at = open + 2;
            if (_at < _source.Length && _source[_at] is '-' or '+')
                _at++;
            if (kind == '#')
                SkipComment();
            else
                ReadTag(isOutput: kind == '{');
        }
        Add(JinjaTokenKind.End, "");
    }

    private int FindOpen()
    {
        for (var i = _at; i + 1 < _source.Length; i++)
        {
            if (_source[i] == '{' && _source[i + 1] is '{' or '%' or '#')
                return i;
        }
        return _source.Length;
    }

    private void ReadText(int open)
    {
        int start = _at, end = open;
        if (_dropBlanks)
        {
            while (start < end && char.IsWhiteSpace(_source[start]))
                start++;
        }
        _dropBlanks = false;
        if (open < _source.Length)
        {
            var sign = open + 2 < _source.Length ? _source[open + 2] : ' ';
            if (sign == '-')
                end = start + _source.AsSpan(start, end - start).TrimEnd().Length;
            else if (sign != '+' && _source[open + 1] != '{')
                end = Math.Max(start, StartOfBlankLine(open));
        }
        if (end > start)
            Add(JinjaTokenKind.Text, _source[start..end]);
        _line += _source.AsSpan(_at, open - _at).Count('\n');
    }

    /// <summary>Where the line starts, if only blanks stand before the tag; else where the tag starts.</summary>
    private int StartOfBlankLine(int open)
    {
        var start = open;
        while (start > 0 && _source[start - 1] is ' ' or '\t')
            start--;
        return start == 0 || _source[start - 1] == '\n' ? start : open;
    }

    private void SkipComment()
    {
        var close = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (close < 0)
            throw JinjaError.At(_line, "comment {# is not closed");
        _line += _source.AsSpan(_at, close - _at).Count('\n');
        Close(sign: _source[close - 1], end: close + 2, isBlock: true);
    }

    private void ReadTag(bool isOutput)
    {
        var opened = _line;
        Add(isOutput ? JinjaTokenKind.OpenOutput : JinjaTokenKind.OpenTag, isOutput ? "{{" : "{%");
        var close = isOutput ? "}}" : "%}";
        var braces = 0;
        while (true)
        {
            SkipBlanks();
            if (_at >= _source.Length)
                throw JinjaError.At(opened, $"{(isOutput ? "{{" : "{%")} is not closed");
            var sign = _source[_at];
            var here = sign is '-' or '+' ? _at + 1 : _at;
            if (braces == 0 && string.CompareOrdinal(_source, here, close, 0, 2) == 0)
            {
                Add(isOutput ? JinjaTokenKind.CloseOutput : JinjaTokenKind.CloseTag, close);
                Close(sign, here + 2, isBlock: !isOutput);
                return;
            }
            ReadToken();
            braces += _tokens[^1] is { Kind: JinjaTokenKind.Operator, Text: var text } ? (text == "{" ? 1 : text == "}" ? -1 : 0) : 0;
        }
    }

    private void Close(char sign, int end, bool isBlock)
    {
        _at = end;
        _dropBlanks = sign == '-';
        if (isBlock && sign is not ('-' or '+') && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
            _line++;
        }
    }

    private void ReadToken()
    {
        var c = _source[_at];
        if (char.IsAsciiLetter(c) || c == '_')
            Take(JinjaTokenKind.Name, x => char.IsAsciiLetterOrDigit(x) || x == '_');
        else if (char.IsAsciiDigit(c))
            ReadNumber();
        else if (c is '\'' or '"')
            ReadString(c);
        else if (Array.Find(Operators, op => string.CompareOrdinal(_source, _at, op, 0, op.Length) == 0) is { } op)
        {
            Add(JinjaTokenKind.Operator, op);
            _at += op.Length;
        }
        else
            throw JinjaError.At(_line, $"character '{c}' is not understood");
    }

    private void Take(JinjaTokenKind kind, Func<char, bool> belongs)
    {
        var start = _at;
        while (_at < _source.Length && belongs(_source[_at]))
            _at++;
        Add(kind, _source[start.._at]);
    }

    private void ReadNumber()
    {
        Take(JinjaTokenKind.Integer, c => char.IsAsciiDigit(c) || c == '_');
        if (_at + 1 >= _source.Length || _source[_at] != '.' || !char.IsAsciiDigit(_source[_at + 1]))
            return;
        var whole = _tokens[^1].Text;
        _tokens.RemoveAt(_tokens.Count - 1);
        _at++;
        Take(JinjaTokenKind.Float, char.IsAsciiDigit);
        _tokens[^1] = _tokens[^1] with { Text = $"{whole}.{_tokens[^1].Text}" };
    }

    private void ReadString(char quote)
    {
        var value = new StringBuilder();
        var opened = _line;
        for (_at++; _at < _source.Length && _source[_at] != quote; _at++)
        {
            if (_source[_at] == '\n')
                _line++;
            if (_source[_at] == '\\' && _at + 1 < _source.Length)
                ReadEscape(value);
            else
                value.Append(_source[_at]);
        }
        if (_at >= _source.Length)
            throw JinjaError.At(opened, "string is not closed");
        _at++;
        _tokens.Add(new JinjaToken(JinjaTokenKind.String, value.ToString(), opened));
    }

    private void ReadEscape(StringBuilder value)
    {
        var c = _source[++_at];
        switch (c)
        {
            case 'n':
                value.Append('\n');
                break;
            case 't':
                value.Append('\t');
                break;
            case 'r':
                value.Append('\r');
                break;
            case '\\' or '\'' or '"':
                value.Append(c);
                break;
            case 'u' or 'x' when int.TryParse(_source.AsSpan(Math.Min(_at + 1, _source.Length), Math.Min(c == 'u' ? 4 : 2, _source.Length - _at - 1)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                value.Append((char)code);
                _at += c == 'u' ? 4 : 2;
                break;
            default:
                throw JinjaError.At(_line, $"escape \\{c} is not supported");
        }
    }

    private void SkipBlanks()
    {
        for (; _at < _source.Length && char.IsWhiteSpace(_source[_at]); _at++)
        {
            if (_source[_at] == '\n')
                _line++;
        }
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text, _line));
}
