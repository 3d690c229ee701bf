namespace SpinStudio.Engine.Tokenization.Jinja;

internal enum JinjaTokenKind
{
    /// <summary>Text between tags, blanks already trimmed.</summary>
    Text,

    /// <summary><c>{{</c></summary>
    OpenOutput,

    /// <summary><c>}}</c></summary>
    CloseOutput,

    /// <summary><c>{%</c></summary>
    OpenTag,

    /// <summary><c>%}</c></summary>
    CloseTag,

    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Text">For a string: its value. For the rest: as written.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line);
