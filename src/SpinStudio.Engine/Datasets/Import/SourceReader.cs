using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Reads the rows of an uploaded file one after the other, in bounded memory. A row that cannot be read comes with its problem; reading goes on where it can.</summary>
internal static class SourceReader
{
    /// <param name="stream">Its position tells progress.</param>
    public static IEnumerable<SourceRow> Read(Stream stream, SourceKind kind) => kind switch
    {
        SourceKind.JsonLines => ReadJsonLines(stream),
        SourceKind.JsonArray => JsonArrayReader.Read(stream, DatasetLimits.RowBytes).Select(ReadJson),
        SourceKind.Csv => CsvRows.Read(stream, ','),
        _ => CsvRows.Read(stream, '\t'),
    };

    private static IEnumerable<SourceRow> ReadJsonLines(Stream stream) =>
        LineReader.Read(stream, DatasetLimits.RowBytes).Where(line => line.TooLong || line.Bytes.Span.IndexOfAnyExcept(" \t"u8) >= 0).Select(ReadJson);

    private static SourceRow ReadJson(Line line)
    {
        if (line.TooLong)
            return SourceRow.Bad(line.Number, $"longer than {DatasetLimits.RowBytes} bytes");
        if (!Utf8.IsValid(line.Bytes.Span))
            return SourceRow.Bad(line.Number, "not valid UTF-8; save the file as UTF-8");
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(line.Bytes.Span), new JsonDocumentOptions { MaxDepth = DatasetLimits.Nesting });
            return SourceRow.Of(line.Number, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            return SourceRow.Bad(line.Number, $"not valid JSON: {Short(e.Message)}");
        }
    }

    private static string Short(string message)
    {
        var line = message.ReplaceLineEndings(" ");
        return line.Length > 200 ? line[..200] + "…" : line;
    }
}
