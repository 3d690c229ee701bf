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
        ["map"] = Map,
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
