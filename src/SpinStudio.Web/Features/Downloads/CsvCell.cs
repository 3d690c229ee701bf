namespace SpinStudio.Web.Features.Downloads;

/// <summary>Cells of a CSV that a spreadsheet may open.</summary>
internal static class CsvCell
{
    /// <summary>Quoted where needed; a text that a spreadsheet would take for a formula is led by an apostrophe.</summary>
    public static string Text(string value)
    {
        var safe = value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
