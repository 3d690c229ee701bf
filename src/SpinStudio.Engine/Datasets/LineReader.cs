namespace SpinStudio.Engine.Datasets;

/// <summary>A line as its bytes, without the line ending.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Bytes">Valid until the next line is read. Empty when <paramref name="TooLong"/>.</param>
/// <param name="TooLong">The line was longer than allowed and was skipped.</param>
internal readonly record struct Line(int Number, ReadOnlyMemory<byte> Bytes, bool TooLong);

/// <summary>Reads lines ending in LF or CR LF, in memory that a hostile file cannot grow: a line longer than the limit is skipped, not stored.</summary>
internal static class LineReader
{
    private const int ChunkBytes = 1 << 16;

    /// <param name="stream">Read to its end; a UTF-8 byte order mark at its start is dropped.</param>
    public static IEnumerable<Line> Read(Stream stream, int longest)
    {
        var buffer = new byte[ChunkBytes];
        int start = 0, end = 0, scanned = 0, number = 0;
        var skipping = false;
        while (true)
        {
            var newline = Array.IndexOf(buffer, (byte)'\n', start + scanned, end - start - scanned);
            if (newline >= 0)
            {
                yield return Make(newline);
                start = newline + 1;
                scanned = 0;
                skipping = false;
                continue;
            }
            scanned = end - start;
            if (scanned > longest + 1)
            {
                skipping = true;
                start = end;
                scanned = 0;
            }
            MakeRoom();
            var read = stream.Read(buffer, end, buffer.Length - end);
            if (read == 0)
                break;
            end += read;
        }
        if (end > start || skipping)
            yield return Make(end);

        Line Make(int to)
        {
            number++;
            var from = number == 1 && buffer.AsSpan(start, to - start).StartsWith("\uFEFF"u8) ? start + 3 : start;
            var bytes = buffer.AsMemory(from, to - from);
            if (bytes.Length > 0 && bytes.Span[^1] == '\r')
                bytes = bytes[..^1];
            return skipping || bytes.Length > longest ? new Line(number, default, TooLong: true) : new Line(number, bytes, TooLong: false);
        }

        void MakeRoom()
        {
            if (start > 0)
            {
                Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                end -= start;
                start = 0;
            }
            if (end == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }
}
