namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>The <c>loop</c> variable.</summary>
internal sealed class JinjaLoop(List<object?> items)
{
    public static IReadOnlyList<string> Names { get; } = ["index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"];

    public int Position { get; set; }

    public object? Attribute(string name) => name switch
    {
        "index" => Position + 1L,
        "index0" => (long)Position,
        "revindex" => (long)items.Count - Position,
        "revindex0" => items.Count - Position - 1L,
        "first" => Position == 0,
        "last" => Position == items.Count - 1,
        "length" => (long)items.Count,
        "previtem" => Position > 0 ? items[Position - 1] : new JinjaUndefined(name),
        "nextitem" => Position + 1 < items.Count ? items[Position + 1] : new JinjaUndefined(name),
        _ => new JinjaUndefined($"loop.{name}"),
    };
}
