using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CsvHelper;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>
/// Rows of a CSV or TSV file by RFC 4180: quoted cells may hold delimiters, quotes and line breaks. Cells are text and nothing else; a formula stays what is written.
/// Rows are numbered as a spreadsheet shows them, the header being row 1; empty lines do not count.
/// </summary>
internal static class CsvRows
{
    public static IEnumerable<SourceRow> Read(Stream stream, char separator)
    {
        CsvMalformedReason? malformed = null;
        using var reader = CsvReader.Create(stream, new CsvReaderOptions
        {
            Separator = separator,
            HasHeader = false,
            MaxRecordSize = DatasetLimits.RowBytes,
            OnMalformedRecord = record => malformed = record.Reason,
            TrimWhitespace = false,
            DetectSeparatorHint = false,
        }, leaveOpen: true);
        string[]? header = null;
        for (var number = 1; ; number++)
        {
            malformed = null;
            if (!TryRead(reader, number, out var stop))
            {
                if (stop is not null)
                    yield return stop;
                yield break;
            }
            var problem = Cells(reader, malformed, out var cells);
            if (header is null)
            {
                header = [.. cells.Select(name => name.Trim())];
                if ((problem ?? ProblemOf(header)) is not { } bad)
                    continue;
                yield return SourceRow.Bad(number, $"in the header: {bad}. The rows after it were not read");
                yield break;
            }
            yield return problem is null ? RowOf(number, header, cells) : SourceRow.Bad(number, problem);
        }
    }

    private static bool TryRead(CsvReader reader, int number, out SourceRow? stop)
    {
        stop = null;
        try
        {
            return reader.Read();
        }
        catch (CsvFormatException)
        {
            stop = SourceRow.Bad(number, $"longer than {DatasetLimits.RowBytes} bytes; perhaps a quote is not closed. The rows after it were not read");
            return false;
        }
    }

    private static string? Cells(CsvReader reader, CsvMalformedReason? malformed, out string[] cells)
    {
        cells = new string[reader.FieldCount];
        for (var i = 0; i < cells.Length; i++)
        {
            var bytes = reader.GetSpan(i);
            if (!Utf8.IsValid(bytes))
            {
                cells = [];
                return "not valid UTF-8; save the file as UTF-8";
            }
            cells[i] = Encoding.UTF8.GetString(bytes);
        }
        return malformed switch
        {
            null => null,
            CsvMalformedReason.UnterminatedQuote => "a quote is opened and never closed",
            _ => "a quote stands inside a cell; put the cell in quotes and double those in it",
        };
    }

    private static string? ProblemOf(string[] header)
    {
        if (header.Length > DatasetLimits.Columns)
            return $"{header.Length} columns; the limit is {DatasetLimits.Columns}";
        var twice = header.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Key.Length > 0 && group.Count() > 1);
        return twice is null ? null : $"column '{twice.Key}' is named twice";
    }

    private static SourceRow RowOf(int number, string[] header, string[] cells)
    {
        if (cells.Length != header.Length)
            return SourceRow.Bad(number, $"{cells.Length} cells, but the header has {header.Length}");
        var columns = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, cell) in header.Zip(cells).Where(pair => pair.First.Length > 0))
            columns[name] = JsonSerializer.SerializeToElement(cell);
        return new SourceRow(number, columns);
    }
}
