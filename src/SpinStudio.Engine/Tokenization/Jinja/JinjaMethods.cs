using System.Globalization;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>Python's methods of strings, mappings and namespaces that chat templates call.</summary>
internal static class JinjaMethods
{
    /// <summary>Names that may be called on a value; others are refused when the template is read.</summary>
    public static IReadOnlySet<string> Names { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower", "title", "capitalize", "replace", "find", "count", "join",
        "removeprefix", "removesuffix", "isdigit", "items", "keys", "values", "get",
    };

    public static object? Call(object? target, string name, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        if (named.Count > 0)
            throw new JinjaFault($"method .{name}() takes no named arguments here");
        return target switch
        {
            string text => OfString(text, name, arguments),
            Dictionary<string, object?> map => OfMap(map, name, arguments),
            JinjaUndefined undefined => throw new JinjaFault($"'{undefined.Name}' is undefined, so it has no .{name}()"),
            _ => throw Unknown(target, name),
        };
    }

    private static JinjaFault Unknown(object? target, string name) => new($"{JinjaValue.TypeName(target)} has no method .{name}()");

    private static object? OfMap(Dictionary<string, object?> map, string name, IReadOnlyList<object?> arguments) => name switch
    {
        "items" => map.Select(pair => (object?)new List<object?> { pair.Key, pair.Value }).ToList(),
        "keys" => map.Keys.Cast<object?>().ToList(),
        "values" => map.Values.ToList(),
        "get" => map.TryGetValue(JinjaValue.Text(arguments.ElementAtOrDefault(0), "argument 1 of .get()"), out var value) ? value : arguments.ElementAtOrDefault(1),
        _ => throw Unknown(map, name),
    };

    private static object? OfString(string text, string name, IReadOnlyList<object?> arguments)
    {
        return name switch
        {
            "strip" => Strip(text, Characters(), left: true, right: true),
            "lstrip" => Strip(text, Characters(), left: true, right: false),
            "rstrip" => Strip(text, Characters(), left: false, right: true),
            "split" => Split(text, arguments.ElementAtOrDefault(0), Most(), fromRight: false),
            "rsplit" => Split(text, arguments.ElementAtOrDefault(0), Most(), fromRight: true),
            "splitlines" => Lines(text).Cast<object?>().ToList(),
            "startswith" => Affixes().Any(affix => text.StartsWith(affix, StringComparison.Ordinal)),
            "endswith" => Affixes().Any(affix => text.EndsWith(affix, StringComparison.Ordinal)),
            "upper" => text.ToUpperInvariant(),
            "lower" => text.ToLowerInvariant(),
            "title" => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(text.ToLowerInvariant()),
            "capitalize" => Capitalize(text),
            "replace" => Replace(text, Text(0), Text(1)),
            "find" => Find(text, Text(0)),
            "count" => Text(0).Length == 0 ? JinjaValue.Length(text) + 1 : Occurrences(text, Text(0)),
            "join" => Join(JinjaValue.Items(arguments.ElementAtOrDefault(0)), text),
            "removeprefix" => text.StartsWith(Text(0), StringComparison.Ordinal) ? text[Text(0).Length..] : text,
            "removesuffix" => text.EndsWith(Text(0), StringComparison.Ordinal) ? text[..^Text(0).Length] : text,
            "isdigit" => text.Length > 0 && text.All(char.IsDigit),
            _ => throw Unknown(text, name),
        };

        string Text(int i) => JinjaValue.Text(arguments.ElementAtOrDefault(i), $"argument {i + 1} of .{name}()");

        string? Characters() => arguments.ElementAtOrDefault(0) is { } given ? JinjaValue.Text(given, $"argument of .{name}()") : null;

        long Most() => arguments.Count > 1 ? JinjaValue.Whole(arguments[1], $"argument 2 of .{name}()") : -1;

        IEnumerable<string> Affixes() => arguments.ElementAtOrDefault(0) is List<object?> several ? several.Select(one => JinjaValue.Text(one, $"argument of .{name}()")) : [Text(0)];
    }

    /// <summary>Python's lines: at each kind of line end; the last one ends the text, it begins no line.</summary>
    public static List<string> Lines(string text)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\u001C' or '\u001D' or '\u001E' or '\u0085' or '\u2028' or '\u2029'))
                continue;
            lines.Add(text[start..i]);
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                i++;
            start = i + 1;
        }
        if (start < text.Length)
            lines.Add(text[start..]);
        return lines;
    }

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Strip(string text, string? characters, bool left, bool right)
    {
        var start = 0;
        var end = text.Length;
        while (left && start < end && Stripped(text[start]))
            start++;
        while (right && end > start && Stripped(text[end - 1]))
            end--;
        return text[start..end];

        bool Stripped(char c) => characters?.Contains(c, StringComparison.Ordinal) ?? char.IsWhiteSpace(c);
    }

    public static string Replace(string text, string old, string with)
    {
        if (old.Length == 0)
            throw new JinjaFault("replacing the empty string is not supported");
        if (with.Length > old.Length && text.Length + ((double)Occurrences(text, old) * (with.Length - old.Length)) > JinjaValue.LongestText)
            throw new JinjaFault($"a text grows beyond {JinjaValue.LongestText} characters");
        return text.Replace(old, with, StringComparison.Ordinal);
    }

    public static string Join(List<object?> items, string separator)
    {
        var parts = items.Select(JinjaValue.Print).ToList();
        return parts.Sum(part => (double)part.Length + separator.Length) <= JinjaValue.LongestText
            ? string.Join(separator, parts)
            : throw new JinjaFault($"a text grows beyond {JinjaValue.LongestText} characters");
    }

    private static long Occurrences(string text, string part)
    {
        var count = 0L;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            count++;
        return count;
    }

    private static long Find(string text, string part) =>
        text.IndexOf(part, StringComparison.Ordinal) is >= 0 and var at ? text.AsSpan(0, at).ToString().EnumerateRunes().LongCount() : -1;

    /// <summary>Python's split: without a separator at runs of blanks; at most <paramref name="most"/> cuts.</summary>
    private static List<object?> Split(string text, object? separator, long most, bool fromRight)
    {
        if (separator is null)
        {
            if (most >= 0)
                throw new JinjaFault(".split() at blanks with a limit is not supported");
            return [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        }
        var cut = JinjaValue.Text(separator, "argument 1 of .split()");
        if (cut.Length == 0)
            throw new JinjaFault(".split() needs a separator that is not empty");
        var parts = text.Split(cut);
        if (most < 0 || parts.Length <= most + 1)
            return [.. parts];
        var kept = (int)most;
        return fromRight
            ? [string.Join(cut, parts[..^kept]), .. parts[^kept..]]
            : [.. parts[..kept], string.Join(cut, parts[kept..])];
    }
}
