namespace SpinStudio.Engine.Datasets.Import;

/// <summary>How an uploaded file is written down.</summary>
public enum SourceKind
{
    JsonLines,
    JsonArray,
    Csv,
    Tsv,
}

/// <summary>Tells the kind of a file from its first bytes, and from its name where these do not decide.</summary>
internal static class SourceKinds
{
    private const int SniffedBytes = 1 << 16;

    /// <exception cref="BadInputException">It is a kind of file that is not read, or empty.</exception>
    public static SourceKind Of(string path, string fileName)
    {
        var start = new byte[SniffedBytes];
        using var stream = File.OpenRead(path);
        var bytes = start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        RefuseOthers(bytes, fileName);
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        bytes = bytes.TrimStart(" \t\r\n"u8);
        if (bytes.IsEmpty)
            throw new BadInputException($"{fileName} is empty");

        // Many .json files are JSON Lines in truth, so the name says only whether it is JSON at all.
        var extension = Path.GetExtension(fileName).ToLowerInvariant();
        if (extension is ".tsv" or ".tab")
            return SourceKind.Tsv;
        if (extension != ".csv" && bytes[0] is (byte)'{' or (byte)'[')
            return bytes[0] == '{' ? SourceKind.JsonLines : SourceKind.JsonArray;
        if (extension is ".json" or ".jsonl" or ".ndjson")
            return SourceKind.JsonLines;
        var header = bytes[..Math.Max(0, bytes.IndexOf((byte)'\n') is >= 0 and var end ? end : bytes.Length)];
        return extension != ".csv" && header.Contains((byte)'\t') && !header.Contains((byte)',') ? SourceKind.Tsv : SourceKind.Csv;
    }

    private static void RefuseOthers(ReadOnlySpan<byte> start, string fileName)
    {
        var (what, instead) = start switch
        {
            _ when start.StartsWith("PAR1"u8) => ("a Parquet file", "turn it into JSON Lines with spinstudio convert"),
            _ when start.StartsWith("PK"u8) => ("a zip file or spreadsheet", "unpack it, or save the sheet as CSV"),
            [0x1F, 0x8B, ..] => ("a gzip file", "turn it into JSON Lines with spinstudio convert"),
            [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => ("UTF-16 text", "save it as UTF-8"),
            [0xD0, 0xCF, 0x11, 0xE0, ..] => ("an old Excel file", "save the sheet as CSV"),
            _ when start.StartsWith("SQLite format 3"u8) => ("an SQLite database", "export the table as CSV"),
            _ when start.StartsWith("%PDF"u8) => ("a PDF file", "upload the table that it was made from"),
            _ when start[..Math.Min(start.Length, 4096)].Contains((byte)0) => ("a binary file", "save it as UTF-8 text"),
            _ => ("", ""),
        };
        if (what.Length > 0)
            throw new BadInputException($"{fileName} is {what}; JSON Lines, a JSON array, CSV and TSV are read: {instead}");
    }
}
