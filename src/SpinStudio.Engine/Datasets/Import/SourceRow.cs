using System.Text.Json;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>A row of an uploaded file: columns by name (a spreadsheet's cells, or the keys of a JSON object), in the file's order.</summary>
/// <param name="Number">As the file's own program counts: lines of JSON Lines, items of a JSON array, rows of a spreadsheet with the header as row 1.</param>
/// <param name="Problem">Why the row cannot be read; the columns are then empty.</param>
internal sealed record SourceRow(int Number, IReadOnlyDictionary<string, JsonElement> Columns, string? Problem = null)
{
    private static readonly Dictionary<string, JsonElement> Nothing = [];

    public static SourceRow Bad(int number, string problem) => new(number, Nothing, problem);

    /// <summary>A row from a JSON value. Names are compared without case or surrounding blanks; of two equal names the first counts.</summary>
    public static SourceRow Of(int number, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return Bad(number, "must be a JSON object");
        var columns = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        try
        {
            foreach (var property in json.EnumerateObject())
            {
                columns.TryAdd(property.Name.Trim(), property.Value);
                if (columns.Count > DatasetLimits.Columns)
                    return Bad(number, $"more than {DatasetLimits.Columns} keys");
            }
        }
        catch (InvalidOperationException)
        {
            return Bad(number, "a key is no text");
        }
        return new SourceRow(number, columns);
    }

    /// <summary>The column, or null when it is absent, null or empty text.</summary>
    public JsonElement? Get(string column) =>
        Columns.TryGetValue(column, out var value) && value.ValueKind != JsonValueKind.Null && !(value.ValueKind == JsonValueKind.String && value.ValueEquals("")) ? value : null;
}
