using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Live;

/// <summary>An event with the byte offset behind its line.</summary>
internal sealed record JournalLine(JournalEvent Event, long End);

/// <summary>Reads a journal that somebody is still writing: whole lines only; what has no end of line yet is left for later.</summary>
internal static class JournalReader
{
    private const int BufferSize = 1 << 16;

    /// <summary>
    /// Up to <paramref name="most"/> events behind <paramref name="lastSeq"/>, starting at a byte offset that lies at the start of a line. An offset beyond the
    /// end (the journal was put back from a copy) starts over; sequence numbers tell what is already known.
    /// </summary>
    public static async Task<List<JournalLine>> ReadAsync(string path, long offset, long lastSeq, int most, CancellationToken cancellation)
    {
        var events = new List<JournalLine>();
        if (!File.Exists(path))
        {
            return events;
        }

        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: false);
        var start = offset <= file.Length ? offset : 0;
        file.Seek(start, SeekOrigin.Begin);

        var buffer = new byte[BufferSize];
        var held = 0;
        int read;
        while (events.Count < most && (read = await file.ReadAsync(buffer.AsMemory(held), cancellation)) > 0)
        {
            held += read;
            var at = 0;
            int length;
            while (events.Count < most && (length = buffer.AsSpan(at, held - at).IndexOf((byte)'\n')) >= 0)
            {
                var line = buffer.AsSpan(at, length);
                at += length + 1;
                start += length + 1;
                if (Parse(line) is { } parsed && parsed.Seq > lastSeq)
                {
                    events.Add(new JournalLine(parsed, start));
                    lastSeq = parsed.Seq;
                }
            }

            buffer.AsSpan(at, held - at).CopyTo(buffer);
            held -= at;
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        return events;
    }

    /// <summary>Null for a line that is no event of a kind known here: a newer engine may write more kinds, and a damaged line must not stop the rest.</summary>
    private static JournalEvent? Parse(ReadOnlySpan<byte> line)
    {
        if (line.Trim((byte)' ').IsEmpty)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
