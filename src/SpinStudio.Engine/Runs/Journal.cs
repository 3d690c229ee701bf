using System.Text.Json;

namespace SpinStudio.Engine.Runs;

/// <summary>
/// Writes <c>journal.jsonl</c>. Opening it cuts off a torn last line and goes on with the next number; what a resumed run tells a second time
/// (the metrics of a step, a sample, an evaluation) is not written again, so that no point of a curve is doubled.
/// </summary>
public sealed class Journal : IDisposable
{
    private readonly Stream _file;
    private readonly HashSet<(string, int, int, string)> _told = [];
    private readonly WorkedTime _worked = new();
    private readonly Lock _lock = new();
    private long _seq;

    public Journal(RunFolder folder)
    {
        _file = new FileStream(folder.Journal, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        long whole = 0;
        foreach (var (line, end) in Lines())
        {
            var entry = JsonSerializer.Deserialize<JournalEvent>(line.Span, RunJson.Line)!;
            _seq = entry.Seq;
            if (KeyOf(entry) is { } key) _told.Add(key);
            _worked.Add(entry);
            Tokens = entry is MetricsEvent metrics ? metrics.Tokens : Tokens;
            whole = end;
        }
        _file.SetLength(whole);
        _file.Position = whole;
    }

    private Journal() => _file = Stream.Null;

    /// <summary>True when an earlier process wrote here.</summary>
    public bool HasHistory => _seq > 0;

    /// <summary>A journal that nobody reads: of a rank that leaves the telling to rank 0.</summary>
    public static Journal Untold() => new();

    /// <summary>Tokens trained on, as last told.</summary>
    public long Tokens { get; }

    /// <summary>Seconds that engine processes have worked on an iteration up to now, this one and earlier ones; null: on the whole run.</summary>
    public double SecondsWorked(int? iteration = null)
    {
        lock (_lock)
        {
            _worked.Pass(DateTimeOffset.UtcNow);
            return (iteration is { } t ? _worked.Of(t) : _worked.Whole).TotalSeconds;
        }
    }

    /// <summary>Called with each event as it is written.</summary>
    public event Action<JournalEvent>? Written;

    /// <summary>Appends an event under the next number, unless it was told before.</summary>
    public void Write(JournalEvent entry)
    {
        lock (_lock)
        {
            if (KeyOf(entry) is { } key && !_told.Add(key)) return;
            entry = entry with { Seq = ++_seq, At = DateTimeOffset.UtcNow };
            _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(entry, RunJson.Line), (byte)'\n']);
            _file.Flush();
            _worked.Add(entry);
            Written?.Invoke(entry);
        }
    }

    public void Log(string message, string level = "info") => Write(new LogEvent(level, message));

    /// <summary>Waits until everything written is on the disk.</summary>
    public void Sync()
    {
        lock (_lock)
            (_file as FileStream)?.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>What makes an event the same told twice; null for those that may repeat.</summary>
    private static (string, int, int, string)? KeyOf(JournalEvent entry) => entry switch
    {
        MetricsEvent e => ("metrics", e.Iteration, e.Step, ""),
        SampleEvent e => ("sample", e.Iteration, 0, e.Split + e.PromptId),
        EvaluationEvent e => ("evaluation", e.Report.Iteration, 0, ""),
        IterationEvent e => ("iteration", e.Iteration, 0, ""),
        AdviceEvent e => ("advice", e.Iteration, 0, ""),
        PhaseEvent e => ("phase", e.Iteration, (int)e.Phase, e.State.ToString()),
        _ => null,
    };

    /// <summary>Whole lines with the offset after each.</summary>
    private IEnumerable<(ReadOnlyMemory<byte> Line, long End)> Lines()
    {
        var buffer = new byte[1 << 16];
        int held = 0, read;
        long offset = 0;
        while ((read = _file.Read(buffer, held, buffer.Length - held)) > 0)
        {
            held += read;
            int start = 0, length;
            while ((length = buffer.AsSpan(start, held - start).IndexOf((byte)'\n')) >= 0)
            {
                offset += length + 1;
                yield return (buffer.AsMemory(start, length), offset);
                start += length + 1;
            }
            buffer.AsSpan(start, held - start).CopyTo(buffer);
            held -= start;
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }
}
