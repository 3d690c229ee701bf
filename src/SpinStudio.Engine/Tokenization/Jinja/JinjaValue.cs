using System.Collections;
using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>A name or attribute that does not exist: prints as nothing, is false, has no items.</summary>
internal sealed record JinjaUndefined(string Name);

/// <summary>What <c>namespace()</c> makes: attributes that may be set from inside a loop.</summary>
internal sealed class JinjaNamespace : Dictionary<string, object?>;

/// <summary>Something that can be called with positional and named arguments.</summary>
internal delegate object? JinjaFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);

/// <summary>
/// Python's rules for values: null is None; bool, long, double and string are themselves; List&lt;object?&gt; is a list or a tuple; Dictionary&lt;string, object?&gt; a dict.
/// Strings count in code points. What Python refuses, such as adding a number to a string, throws <see cref="JinjaFault"/>.
/// </summary>
internal static class JinjaValue
{
    /// <summary>No template needs longer strings; a hostile one could otherwise fill the memory.</summary>
    public const int LongestText = 32 << 20;

    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        ICollection items => items.Count > 0,
        _ => true,
    };

    /// <summary>As <c>{{ }}</c> prints it.</summary>
    public static string Print(object? value) => value switch
    {
        string text => text,
        JinjaUndefined => "",
        _ => Represent(value),
    };

    /// <summary>As Python's <c>repr</c> writes it.</summary>
    private static string Represent(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number == Math.Floor(number) && Math.Abs(number) < 1e16 ? number.ToString("F1", CultureInfo.InvariantCulture) : number.ToString("R", CultureInfo.InvariantCulture),
        string text => text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? $"\"{Escape(text)}\"" : $"'{Escape(text).Replace("'", "\\'", StringComparison.Ordinal)}'",
        Dictionary<string, object?> map => Checked("{" + string.Join(", ", map.Select(pair => $"{Represent(pair.Key)}: {Represent(pair.Value)}")) + "}"),
        List<object?> list => Checked("[" + string.Join(", ", list.Select(Represent)) + "]"),
        JinjaUndefined => "Undefined",
        _ => throw new JinjaFault("this value cannot be printed"),
    };

    public static string Checked(string text) => text.Length <= LongestText ? text : throw new JinjaFault($"a text grows beyond {LongestText} characters");

    public static string Text(object? value, string what) => value as string ?? throw new JinjaFault($"{what} must be a string, not {TypeName(value)}");

    public static long Whole(object? value, string what) => value is long number ? number : throw new JinjaFault($"{what} must be a whole number, not {TypeName(value)}");

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        JinjaUndefined undefined => $"undefined ('{undefined.Name}')",
        bool => "a boolean",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        Dictionary<string, object?> => "a mapping",
        _ => "a function",
    };

    public static List<object?> Items(object? value) => value switch
    {
        JinjaUndefined => [],
        List<object?> list => list,
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        Dictionary<string, object?> map => [.. map.Keys],
        _ => throw new JinjaFault($"{TypeName(value)} has no items to go through"),
    };

    public static long Length(object? value) => value switch
    {
        string text => text.EnumerateRunes().LongCount(),
        JinjaUndefined => 0,
        _ => Items(value).Count,
    };

    public static bool AreEqual(object? a, object? b) => (a, b) switch
    {
        (JinjaUndefined, JinjaUndefined) => true,
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(pair => AreEqual(pair.First, pair.Second)),
        (Dictionary<string, object?> x, Dictionary<string, object?> y) => x.Count == y.Count && x.All(pair => y.TryGetValue(pair.Key, out var other) && AreEqual(pair.Value, other)),
        _ when Number(a) is { } x && Number(b) is { } y => x == y,
        _ => Equals(a, b),
    };

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => text.Contains(Text(item, "what is looked for in a string"), StringComparison.Ordinal),
        Dictionary<string, object?> map => item is string key && map.ContainsKey(key),
        _ => Items(container).Any(one => AreEqual(one, item)),
    };

    public static int Compare(object? a, object? b)
    {
        if (Number(a) is { } x && Number(b) is { } y)
            return x.CompareTo(y);
        return a is string s && b is string t ? string.CompareOrdinal(s, t) : throw new JinjaFault($"{TypeName(a)} and {TypeName(b)} cannot be compared");
    }

    public static object? Arithmetic(string op, object? a, object? b)
    {
        switch (op, a, b)
        {
            case ("~", _, _):
                return Checked(Print(a) + Print(b));
            case ("+", string s, string t):
                return Checked(s + t);
            case ("+", List<object?> s, List<object?> t):
                return s.Count + t.Count <= LongestText ? s.Concat(t).ToList() : throw new JinjaFault("a list grows too long");
            case ("*", string s, long n):
                return s.Length * Math.Max(0, (double)n) <= LongestText ? string.Concat(Enumerable.Repeat(s, (int)Math.Max(0, n))) : throw new JinjaFault($"a text grows beyond {LongestText} characters");
            case ("//" or "%" or "/", _, long and 0 or double and 0.0):
                throw new JinjaFault("division by zero");
            case (_, long x, long y):
                return op switch
                {
                    // As an object, or the compiler would turn every whole number into a double.
                    "+" => (object)unchecked(x + y),
                    "-" => unchecked(x - y),
                    "*" => unchecked(x * y),
                    "/" => (double)x / y,
                    "//" => (long)Math.Floor((double)x / y),
                    _ => y == -1 ? 0L : ((x % y) + y) % y,
                };
            case (_, long or double, long or double):
                double p = Number(a)!.Value, q = Number(b)!.Value;
                return op switch
                {
                    "+" => p + q,
                    "-" => p - q,
                    "*" => p * q,
                    "/" => p / q,
                    "//" => Math.Floor(p / q),
                    _ => p - (Math.Floor(p / q) * q),
                };
            default:
                throw new JinjaFault($"operator {op} does not take {TypeName(a)} and {TypeName(b)}");
        }
    }

    /// <summary>Attribute or item by name.</summary>
    public static object? Attribute(object? target, string name) => target switch
    {
        Dictionary<string, object?> map => map.TryGetValue(name, out var value) ? value : new JinjaUndefined(name),
        JinjaLoop loop => loop.Attribute(name),
        JinjaUndefined undefined => throw new JinjaFault($"'{undefined.Name}' is undefined, so it has no '{name}'"),
        _ => new JinjaUndefined(name),
    };

    public static object? Item(object? target, object? index)
    {
        switch (target, index)
        {
            case (Dictionary<string, object?> or JinjaUndefined or JinjaLoop, string key):
                return Attribute(target, key);
            case (string or List<object?>, long at):
                var items = Items(target);
                at = at < 0 ? at + items.Count : at;
                return at >= 0 && at < items.Count ? items[(int)at] : new JinjaUndefined($"item {index}");
            default:
                return target is JinjaUndefined undefined ? throw new JinjaFault($"'{undefined.Name}' is undefined, so it has no items") : new JinjaUndefined($"item {Print(index)}");
        }
    }

    /// <summary>Python's slice.</summary>
    public static object? Slice(object? target, long? from, long? to, long step)
    {
        if (step == 0)
            throw new JinjaFault("a slice's step must not be 0");
        var items = Items(target);
        long count = items.Count;
        var (least, most) = step > 0 ? (0L, count) : (-1L, count - 1);
        var start = from is { } f ? Math.Clamp(f < 0 ? f + count : f, least, most) : step > 0 ? 0 : count - 1;
        var end = to is { } t ? Math.Clamp(t < 0 ? t + count : t, least, most) : step > 0 ? count : -1;
        var slice = new List<object?>();
        for (var i = start; step > 0 ? i < end : i > end; i += step)
        {
            slice.Add(items[(int)i]);
            if (step > count || step < -count)
                break;
        }
        return target is string ? string.Concat(slice) : slice;
    }

    private static double? Number(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    private static string Escape(string text) =>
        new StringBuilder(text).Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t").ToString();
}

/// <summary>What a template does wrong while it renders; turned into an error with the line.</summary>
internal sealed class JinjaFault(string message) : Exception(message);
