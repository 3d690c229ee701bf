using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tables;

/// <summary>
/// A file with rows that is not plain text: Parquet, or JSON Lines, JSON, CSV or TSV packed with gzip or Zstandard. Its rows come out as JSON Lines, from where
/// <see cref="Datasets.Import.DatasetImport"/> reads on.
/// </summary>
public sealed class TableFile
{
    /// <summary>Files are told by their first bytes.</summary>
    private static readonly byte[] Parquet = "PAR1"u8.ToArray(), Gzip = [0x1F, 0x8B], Zstandard = [0x28, 0xB5, 0x2F, 0xFD];

    private readonly string _path;
    private readonly string _rows;

    private TableFile(string path, string rows) => (_path, _rows) = (path, rows);

    /// <summary>True when <see cref="Open"/> reads such a file; plain text needs no help.</summary>
    public static bool Is(string path)
    {
        var start = Start(path);
        return start.AsSpan().StartsWith(Parquet) || start.AsSpan().StartsWith(Gzip) || start.AsSpan().StartsWith(Zstandard);
    }

    /// <param name="fileName">Its name as people know it: tells what is packed in it.</param>
    /// <exception cref="BadInputException">It is no such file.</exception>
    public static TableFile Open(string path, string fileName)
    {
        path = Path.GetFullPath(path);
        var start = Start(path);
        var file = DuckDb.Quoted(path);
        if (start.AsSpan().StartsWith(Parquet))
            return new TableFile(path, $"SELECT to_json(r)::VARCHAR FROM read_parquet({file}) r");
        var packed = start.AsSpan().StartsWith(Gzip) ? "gzip" : start.AsSpan().StartsWith(Zstandard) ? "zstd"
            : throw new BadInputException($"{fileName} is neither Parquet nor packed with gzip or Zstandard");
        var within = Path.GetExtension(Path.GetFileNameWithoutExtension(fileName)).ToLowerInvariant();
        var limit = Datasets.DatasetLimits.RowBytes.ToString(CultureInfo.InvariantCulture);
        return new TableFile(path, within switch
        {
            ".csv" or ".tsv" or ".tab" =>
                $"SELECT to_json(r)::VARCHAR FROM read_csv({file}, compression = '{packed}', delim = '{(within == ".csv" ? "," : "\t")}', header = true, all_varchar = true, max_line_size = {limit}) r",
            ".json" => $"SELECT json::VARCHAR FROM read_json_objects({file}, compression = '{packed}', format = 'auto', maximum_object_size = {limit})",
            ".jsonl" or ".ndjson" => $"SELECT json::VARCHAR FROM read_json_objects({file}, compression = '{packed}', format = 'newline_delimited', maximum_object_size = {limit})",
            _ => throw new BadInputException($"{fileName} is packed with {packed}, but its name does not say what is in it; name it like rows.jsonl.gz, rows.json.zst or rows.csv.gz"),
        });
    }

    /// <summary>The number of rows where the file tells it at once (Parquet); else null.</summary>
    public long? Count(CancellationToken cancellation = default)
    {
        if (!Start(_path).AsSpan().StartsWith(Parquet))
            return null;
        using var database = new DuckDb([_path], cancellation);
        return long.Parse(Encoding.UTF8.GetString(database.Texts($"SELECT count(*)::VARCHAR FROM read_parquet({DuckDb.Quoted(_path)})").Single().Span), CultureInfo.InvariantCulture);
    }

    /// <summary>Every row as one line of JSON in UTF-8, without its end.</summary>
    /// <exception cref="BadInputException">The file is damaged.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Rows(CancellationToken cancellation = default)
    {
        using var database = new DuckDb([_path], cancellation);
        foreach (var row in database.Texts(_rows))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    private static byte[] Start(string path)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[4];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}
