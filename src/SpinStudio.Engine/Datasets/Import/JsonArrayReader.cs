namespace SpinStudio.Engine.Datasets.Import;

/// <summary>
/// Cuts a JSON array into its items without parsing them: it follows strings and brackets only, so that a broken item spoils itself and not the file, and an item
/// longer than the limit is skipped without being stored.
/// </summary>
internal static class JsonArrayReader
{
    private const int ChunkBytes = 1 << 16;

    /// <summary>Items as their bytes, numbered from 1.</summary>
    /// <exception cref="BadInputException">What stands around the items is no array.</exception>
    public static IEnumerable<Line> Read(Stream stream, int longest)
    {
        var item = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        int depth = 0, number = 0;
        bool inString = false, escaped = false, tooLong = false, closed = false, comma = false, started = false;
        for (int read; (read = stream.Read(chunk)) > 0;)
        {
            for (var i = 0; i < read; i++)
            {
                var c = chunk[i];
                if (depth == 0)
                {
                    if (IsBlank(c) || (!started && c is 0xEF or 0xBB or 0xBF))
                        continue;
                    if (started || c != '[')
                        throw new BadInputException($"item {number + 1}: after the array comes '{(char)c}'; the file must be one JSON array of objects");
                    (started, depth) = (true, 1);
                    continue;
                }
                if (!inString && depth == 1 && c is (byte)',' or (byte)']')
                {
                    if (item.Length > 0 || tooLong)
                        yield return Take();
                    else if (c == ',' || comma)
                        throw new BadInputException($"item {number + 1}: there is nothing {(c == ',' ? "before" : "after")} a comma");
                    comma = c == ',';
                    closed = c == ']';
                    depth -= closed ? 1 : 0;
                    continue;
                }
                if (inString)
                {
                    inString = escaped || c != '"';
                    escaped = !escaped && c == '\\';
                }
                else
                {
                    inString = c == '"';
                    depth += c is (byte)'{' or (byte)'[' ? 1 : c is (byte)'}' or (byte)']' ? -1 : 0;
                    if (item.Length == 0 && IsBlank(c))
                        continue;
                }
                tooLong |= item.Length >= longest;
                if (!tooLong)
                    item.WriteByte(c);
            }
        }
        if (!closed)
        {
            if (item.Length > 0 || tooLong)
                yield return Take();
            throw new BadInputException($"the array is not closed after item {number}: the file seems cut off");
        }

        Line Take()
        {
            var line = tooLong ? new Line(++number, default, TooLong: true) : new Line(++number, item.ToArray(), TooLong: false);
            item.SetLength(0);
            tooLong = false;
            return line;
        }
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
