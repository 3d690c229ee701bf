using System.Globalization;

namespace SpinStudio.Engine.Tokenization.Jinja;

internal delegate object? JinjaFilter(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);

/// <summary>What may stand after <c>|</c>.</summary>
internal static class JinjaFilters
{
    public static IReadOnlyDictionary<string, JinjaFilter> All { get; } = new Dictionary<string, JinjaFilter>(StringComparer.Ordinal)
    {
        ["trim"] = (value, arguments, _) => JinjaMethods.Strip(JinjaValue.Print(value), arguments.ElementAtOrDefault(0) as string, left: true, right: true),
        ["length"] = (value, _, _) => JinjaValue.Length(value),
        ["count"] = (value, _, _) => JinjaValue.Length(value),
        ["tojson"] = (value, arguments, named) => JinjaJson.Write(value, Argument(arguments, named, 0, "indent") is { } indent ? (int)Math.Clamp(JinjaValue.Whole(indent, "indent"), 0, 16) : null),
        ["string"] = (value, _, _) => JinjaValue.Print(value),
        ["safe"] = (value, _, _) => value,
        ["upper"] = (value, _, _) => JinjaValue.Print(value).ToUpperInvariant(),
        ["lower"] = (value, _, _) => JinjaValue.Print(value).ToLowerInvariant(),
        ["capitalize"] = (value, _, _) => JinjaMethods.Capitalize(JinjaValue.Print(value)),
        ["title"] = (value, _, _) => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(JinjaValue.Print(value).ToLowerInvariant()),
        ["default"] = Default,
        ["d"] = Default,
        ["join"] = (value, arguments, named) => JinjaMethods.Join(JinjaValue.Items(value), JinjaValue.Print(Argument(arguments, named, 0, "d") ?? "")),
        ["first"] = (value, _, _) => JinjaValue.Item(JinjaValue.Items(value), 0L),
        ["last"] = (value, _, _) => JinjaValue.Item(JinjaValue.Items(value), -1L),
        ["list"] = (value, _, _) => JinjaValue.Items(value).ToList(),
        ["reverse"] = (value, _, _) => JinjaValue.Slice(value, null, null, -1),
        ["items"] = (value, _, _) => JinjaMethods.Call(value, "items", [], new Dictionary<string, object?>()),
        ["replace"] = (value, arguments, _) => JinjaMethods.Replace(
            JinjaValue.Print(value), JinjaValue.Text(arguments.ElementAtOrDefault(0), "argument 1 of filter replace"), JinjaValue.Text(arguments.ElementAtOrDefault(1), "argument 2 of filter replace")),
        ["int"] = (value, _, _) => value switch
        {
            double number => (long)number,
            bool flag => flag ? 1L : 0L,
            string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0L,
            long number => number,
            _ => 0L,
        },
        ["abs"] = (value, _, _) => value is double number ? Math.Abs(number) : (object)Math.Abs(JinjaValue.Whole(value, "the value of filter abs")),
        ["float"] = (value, _, _) => value switch
        {
            double number => number,
            long number => (double)number,
            bool flag => flag ? 1.0 : 0.0,
            string text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0.0,
            _ => 0.0,
        },
        ["sum"] = (value, _, _) => JinjaValue.Items(value).Aggregate((object?)0L, (sum, item) => JinjaValue.Arithmetic("+", sum, item)),
        ["min"] = (value, _, _) => Ordered(JinjaValue.Items(value)).FirstOrDefault(new JinjaUndefined("the least of nothing")),
        ["max"] = (value, _, _) => Ordered(JinjaValue.Items(value), item => item, descending: true).FirstOrDefault(new JinjaUndefined("the greatest of nothing")),
        ["sort"] = (value, arguments, named) => Sort(value, arguments, named),
        ["unique"] = (value, _, _) => Unique(JinjaValue.Items(value)),
        ["dictsort"] = (value, _, _) => Ordered(JinjaValue.Items(value)).ConvertAll(key => (object?)new List<object?> { key, JinjaValue.Item(value, key) }),
        ["indent"] = Indent,
        ["map"] = Map,
        ["select"] = (value, arguments, _) => SelectItems(value, arguments, wanted: true),
        ["reject"] = (value, arguments, _) => SelectItems(value, arguments, wanted: false),
        ["selectattr"] = (value, arguments, _) => Select(value, arguments, wanted: true),
        ["rejectattr"] = (value, arguments, _) => Select(value, arguments, wanted: false),
    };

    private static object? Argument(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int position, string name) =>
        position < arguments.Count ? arguments[position] : named.GetValueOrDefault(name);

    private static object? Default(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        var alsoForFalse = JinjaValue.IsTrue(Argument(arguments, named, 1, "boolean"));
        return value is JinjaUndefined || (alsoForFalse && !JinjaValue.IsTrue(value)) ? Argument(arguments, named, 0, "default_value") ?? "" : value;
    }

    private static List<object?> Map(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        if (named.TryGetValue("attribute", out var attribute))
            return JinjaValue.Items(value).ConvertAll(item => JinjaValue.Attribute(item, JinjaValue.Text(attribute, "attribute")));
        var name = JinjaValue.Text(arguments.ElementAtOrDefault(0), "argument 1 of filter map");
        return All.TryGetValue(name, out var filter)
            ? JinjaValue.Items(value).ConvertAll(item => filter(item, [.. arguments.Skip(1)], named))
            : throw new JinjaFault($"filter '{name}' in map is not supported");
    }

    /// <summary>Strings regardless of case, as Jinja orders them unless told otherwise; stable.</summary>
    private static List<object?> Ordered(List<object?> items) => Ordered(items, item => item);

    private static List<object?> Ordered(List<object?> items, Func<object?, object?> key, bool descending = false)
    {
        // Compared before they are sorted: what cannot be compared must be named, not thrown from within a sort.
        for (var i = 1; i < items.Count; i++)
            _ = JinjaValue.Compare(Folded(key(items[i - 1])), Folded(key(items[i])));
        var order = Comparer<object?>.Create(JinjaValue.Compare);
        return [.. descending ? items.OrderByDescending(item => Folded(key(item)), order) : items.OrderBy(item => Folded(key(item)), order)];
    }

    private static object? Folded(object? item) => item is string text ? text.ToLowerInvariant() : item;

    private static List<object?> Sort(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        if (named.Keys.FirstOrDefault(name => name is not ("reverse" or "attribute")) is { } foreign)
            throw new JinjaFault($"filter sort takes no argument '{foreign}' here");
        var attribute = named.TryGetValue("attribute", out var given) ? JinjaValue.Text(given, "attribute") : null;
        return Ordered(
            JinjaValue.Items(value), item => attribute is null ? item : JinjaValue.Attribute(item, attribute), descending: JinjaValue.IsTrue(Argument(arguments, named, 0, "reverse")));
    }

    private static List<object?> Unique(List<object?> items)
    {
        var unique = new List<object?>();
        foreach (var item in items)
        {
            if (!unique.Exists(one => JinjaValue.AreEqual(Folded(one), Folded(item))))
                unique.Add(item);
        }
        return unique;
    }

    /// <summary>Blanks before every line but the first; before empty ones only when asked to.</summary>
    private static string Indent(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        var margin = Argument(arguments, named, 0, "width") switch
        {
            null => "    ",
            string text => text,
            var width => new string(' ', (int)Math.Clamp(JinjaValue.Whole(width, "width"), 0, 1000)),
        };
        var (first, blank) = (JinjaValue.IsTrue(Argument(arguments, named, 1, "first")), JinjaValue.IsTrue(Argument(arguments, named, 2, "blank")));
        var lines = JinjaMethods.Lines(JinjaValue.Print(value) + "\n");
        return JinjaValue.Checked(string.Join('\n', lines.Select((line, i) => (i > 0 ? line.Length > 0 || blank : first) ? margin + line : line)));
    }

    /// <summary>Items that pass a test: by default, are true.</summary>
    private static List<object?> SelectItems(object? value, IReadOnlyList<object?> arguments, bool wanted)
    {
        var name = arguments.Count > 0 ? JinjaValue.Text(arguments[0], "argument 1 of filter select") : null;
        if (name is not null && !JinjaTests.All.ContainsKey(name))
            throw new JinjaFault($"test '{name}' in select is not supported");
        return JinjaValue.Items(value).FindAll(item => wanted == (name is null ? JinjaValue.IsTrue(item) : JinjaTests.All[name](item, [.. arguments.Skip(1)])));
    }

    /// <summary>Items whose attribute passes a test: by default, is true.</summary>
    private static List<object?> Select(object? value, IReadOnlyList<object?> arguments, bool wanted)
    {
        var attribute = JinjaValue.Text(arguments.ElementAtOrDefault(0), "argument 1 of filter selectattr");
        var name = arguments.Count > 1 ? JinjaValue.Text(arguments[1], "argument 2 of filter selectattr") : null;
        if (name is not null && name != "==" && !JinjaTests.All.ContainsKey(name))
            throw new JinjaFault($"test '{name}' in selectattr is not supported");
        return JinjaValue.Items(value).FindAll(item =>
        {
            var part = JinjaValue.Attribute(item, attribute);
            return wanted == (name is null ? JinjaValue.IsTrue(part) : JinjaTests.All[name == "==" ? "eq" : name](part, [.. arguments.Skip(2)]));
        });
    }
}
