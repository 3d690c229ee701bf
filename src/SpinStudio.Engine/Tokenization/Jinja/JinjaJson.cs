using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>Filter <c>tojson</c>, byte for byte as Python's <c>json.dumps(value, ensure_ascii=False)</c>.</summary>
internal static class JinjaJson
{
    public static string Write(object? value, int? indent)
    {
        var json = new StringBuilder();
        Write(json, value, indent, depth: 0);
        return json.ToString();
    }

    private static void Write(StringBuilder json, object? value, int? indent, int depth)
    {
        if (json.Length > JinjaValue.LongestText || depth > 100)
            throw new JinjaFault("filter tojson writes too much");
        switch (value)
        {
            case null:
                json.Append("null");
                break;
            case bool flag:
                json.Append(flag ? "true" : "false");
                break;
            case long or double:
                json.Append(CultureInfo.InvariantCulture, $"{JinjaValue.Print(value)}");
                break;
            case string text:
                WriteText(json, text);
                break;
            case List<object?> list:
                WriteAll(json, '[', ']', list, indent, depth, item => Write(json, item, indent, depth + 1));
                break;
            case Dictionary<string, object?> map:
                WriteAll(json, '{', '}', map, indent, depth, pair =>
                {
                    WriteText(json, pair.Key);
                    json.Append(": ");
                    Write(json, pair.Value, indent, depth + 1);
                });
                break;
            default:
                throw new JinjaFault($"filter tojson does not take {JinjaValue.TypeName(value)}");
        }
    }

    private static void WriteAll<T>(StringBuilder json, char open, char close, IReadOnlyCollection<T> items, int? indent, int depth, Action<T> write)
    {
        json.Append(open);
        foreach (var (i, item) in items.Index())
        {
            if (i > 0)
                json.Append(indent is null ? ", " : ",");
            NewLine(depth + 1);
            write(item);
        }
        if (items.Count > 0)
            NewLine(depth);
        json.Append(close);

        void NewLine(int level)
        {
            if (indent is { } width)
                json.Append('\n').Append(' ', width * level);
        }
    }

    private static void WriteText(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }
        json.Append('"');
    }
}
