using System.Text.Json;

namespace SpinStudio.Web.Features.Comparison;

/// <summary>A config as a flat list of settings.</summary>
internal static class ConfigSettings
{
    /// <summary>Keys in the file's order, nested ones with a dot; values as they are written.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Flatten(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. Flatten("", document.RootElement)];
    }

    private static IEnumerable<KeyValuePair<string, string>> Flatten(string prefix, JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(property => Flatten(prefix.Length == 0 ? property.Name : $"{prefix}.{property.Name}", property.Value))
        : [KeyValuePair.Create(prefix, Text(element))];

    private static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Array => string.Join(", ", element.EnumerateArray().Select(Text)),
        JsonValueKind.Number => Components.Format.Number(element.GetDouble()),
        _ => element.GetRawText(),
    };
}
