using System.Text.Json;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Tests.Runs;

public sealed class JournalTests : IDisposable
{
    private readonly RunFolder _folder = new(Path.Combine(Path.GetTempPath(), $"journal-{Guid.NewGuid():N}"));

    public JournalTests() => Directory.CreateDirectory(_folder.Root);

    [Fact]
    public void Numbers_go_on_without_a_gap_over_several_processes()
    {
        for (var process = 0; process < 3; process++)
        {
            using var journal = new Journal(_folder);
            journal.Log("one");
            journal.Log("two");
        }
        Assert.Equal([1, 2, 3, 4, 5, 6], Events().Select(e => e.Seq));
    }

    /// <summary>A process killed while writing leaves half a line; the next one cuts it off wherever it was torn.</summary>
    [Fact]
    public void A_torn_last_line_is_cut_off()
    {
        using (var journal = new Journal(_folder))
        {
            journal.Log("whole");
            journal.Log("torn, mit Umlauten äöü and 漢字");
        }
        var bytes = File.ReadAllBytes(_folder.Journal);
        var first = Array.IndexOf(bytes, (byte)'\n') + 1;
        for (var length = first; length < bytes.Length; length++)
        {
            File.WriteAllBytes(_folder.Journal, bytes[..length]);
            using (var journal = new Journal(_folder))
                journal.Log("after");
            Assert.Equal([("whole", 1L), ("after", 2L)], Events().Cast<LogEvent>().Select(e => (e.Message, e.Seq)));
        }
    }

    /// <summary>Two processes, 10 s and 20 s at work, an hour apart; the iteration's share is told apart from what came before it.</summary>
    [Fact]
    public void Worked_time_counts_every_process_and_leaves_out_what_lies_between_them()
    {
        var start = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        JournalEvent[] events =
        [
            new StartedEvent(false, "1", "1", "cpu", "fp32", 1, 1) { At = start },
            new PhaseEvent(0, RunPhase.Generate, PhaseState.Started) { At = start.AddSeconds(4) },
            Metrics(0, 0) with { At = start.AddSeconds(10) },
            new StartedEvent(true, "1", "1", "cpu", "fp32", 1, 2) { At = start.AddHours(1) },
            Metrics(0, 1) with { At = start.AddHours(1).AddSeconds(15) },
            new LogEvent("info", "the clock was set back") { At = start.AddHours(1).AddSeconds(5) },
            Metrics(1, 0) with { At = start.AddHours(1).AddSeconds(10) },
        ];
        var worked = new WorkedTime();
        Array.ForEach(events, worked.Add);
        Assert.Equal(TimeSpan.FromSeconds(10 + 15 + 5), worked.Whole);
        Assert.Equal(TimeSpan.FromSeconds(6 + 15 + 5), worked.Of(0));
        Assert.Equal(TimeSpan.Zero, worked.Of(1));

        worked.Pass(start.AddHours(1).AddSeconds(13));
        Assert.Equal(TimeSpan.FromSeconds(3), worked.Of(1));
    }

    [Fact]
    public void What_a_resumed_run_tells_again_is_written_once()
    {
        for (var process = 0; process < 2; process++)
        {
            using var journal = new Journal(_folder);
            for (var step = 0; step < 3 + process; step++)
                journal.Write(Metrics(0, step));
            journal.Write(new SampleEvent(0, "train", "a", "p", "r", "g", "stop"));
            journal.Write(new SampleEvent(0, "held_out", "a", "p", "r", "g", "stop"));
            journal.Write(new EvaluationEvent(new EvaluationReport { Iteration = 0, Examples = 1, Nll = new Estimate(1, 1, 1, 1), MeanLength = 1, TruncatedShare = 0 }));
            journal.Write(new PhaseEvent(0, RunPhase.Train, PhaseState.Started));
            journal.Log("said each time");
        }
        var events = Events();
        Assert.Equal([0, 1, 2, 3], events.OfType<MetricsEvent>().Select(e => e.Step));
        Assert.Equal(2, events.OfType<SampleEvent>().Count());
        Assert.Single(events.OfType<EvaluationEvent>());
        Assert.Single(events.OfType<PhaseEvent>());
        Assert.Equal(2, events.OfType<LogEvent>().Count());
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Seq));
    }

    [Fact]
    public void A_value_that_is_not_finite_is_null()
    {
        using (var journal = new Journal(_folder))
            journal.Write(Metrics(0, 0) with { Values = new Dictionary<string, double?> { ["loss"] = null, ["rewards/real"] = 0.25 } });
        using var line = JsonDocument.Parse(File.ReadAllText(_folder.Journal));
        var values = line.RootElement.GetProperty("values");
        Assert.Equal(JsonValueKind.Null, values.GetProperty("loss").ValueKind);
        Assert.Equal(0.25, values.GetProperty("rewards/real").GetDouble());
    }

    [Fact]
    public void Two_processes_cannot_work_in_one_folder()
    {
        using (RunLease.Take(_folder))
        {
            var error = Assert.Throws<BadInputException>(() => RunLease.Take(_folder));
            Assert.Contains("another engine works in", error.Message, StringComparison.Ordinal);
        }
        RunLease.Take(_folder).Dispose();
    }

    [Fact]
    public void Progress_ends_at_one_and_its_estimate_falls_to_zero()
    {
        using (var journal = new Journal(_folder))
        {
            var progress = new RunProgress(journal, [new(0, RunPhase.Generate, 4, "prompts"), new(0, RunPhase.Train, 10, "steps")]);
            progress.Enter(0, RunPhase.Generate, 4);
            for (var done = 1; done <= 4; done++)
            {
                Thread.Sleep(20);
                progress.Tell(done, done * 10);
            }
            progress.Leave();
            progress.Enter(0, RunPhase.Train, 10);
            for (var done = 1; done <= 10; done++)
                progress.Tell(done, done * 100);
            progress.Leave();
        }
        var told = Events().OfType<ProgressEvent>().ToList();
        Assert.Equal(told.OrderBy(p => (p.Phase, p.Done)).Select(p => (p.Phase, p.Done)), told.Select(p => (p.Phase, p.Done)));
        Assert.All(told, p => Assert.InRange(p.Overall, 0, 1));
        Assert.True(told[0].EtaSeconds > 0);
        Assert.Equal((1.0, 0.0), (told[^1].Overall, told[^1].EtaSeconds!.Value));
        Assert.Contains(told, p => p is { Phase: RunPhase.Generate, TokensPerSecond: > 0 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public void A_step_that_nobody_has_timed_yet_is_taken_to_cost_as_much_as_its_batch(int batch)
    {
        using (var journal = new Journal(_folder))
        {
            var progress = new RunProgress(journal, [new(0, RunPhase.Generate, 64, "prompts"), new(0, RunPhase.Train, 64 / batch, "steps", batch)]);
            progress.Enter(0, RunPhase.Generate, 64);
            progress.Tell(64, 640);
        }
        Assert.Equal(0.25, Events().OfType<ProgressEvent>().Last().Overall, 1e-9);
    }

    public void Dispose() => Directory.Delete(_folder.Root, recursive: true);

    private static MetricsEvent Metrics(int iteration, int step) => new(iteration, step, step, 0.5, 10, new Dictionary<string, double?> { ["loss"] = 0.5 });

    private List<JournalEvent> Events() => [.. File.ReadLines(_folder.Journal).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!)];
}
