using System.Text.Json;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Text from a row's columns.</summary>
internal static class Columns
{
    /// <summary>The column's text; empty when it has none. Windows line breaks become plain ones.</summary>
    /// <exception cref="BadRowException">The column holds something else than text or a number.</exception>
    public static string Text(SourceRow row, string column) => row.Get(column) is { } value
        ? value.ValueKind switch
        {
            JsonValueKind.String => Text(value),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => throw new BadRowException($"{column} must be text"),
        }
        : "";

    /// <summary>The text of a JSON string.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!.Replace("\r\n", "\n", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            throw new BadRowException("a text holds half of a surrogate pair, which is no text");
        }
    }

    public static string? OptionalText(SourceRow row, string? column) => column is not null && Text(row, column) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
