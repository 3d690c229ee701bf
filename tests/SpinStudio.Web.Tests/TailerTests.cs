using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Tests;

/// <summary>From the journal to the database and to subscribers, without an engine.</summary>
public sealed class TailerTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Run run = null!;
    private string journal = null!;
    private int written;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        await host.AdminAsync();
        await using var db = host.Db();
        run = new Run
        {
            TeamId = (await db.Teams.FirstAsync()).Id, Name = "run", Kind = "spin", Status = RunStatus.Stopped, Folder = "runs/tailed", ClientRequestId = "x",
            Config = """{ "name": "run", "model": "m", "dataset": "d" }""",
        };
        db.Runs.Add(run);
        await db.SaveChangesAsync();
        journal = Path.Combine(host.Data, run.Folder, "journal.jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(journal)!);
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Each_event_counts_once_however_often_the_journal_is_read()
    {
        WriteMetrics(1200);
        await DrainAsync();
        await DrainAsync();
        WriteMetrics(10);
        await host.RestartAsync();
        await DrainAsync();
        await AssertStepsAsync(1210);
    }

    [Fact]
    public async Task A_torn_last_line_waits_for_its_end()
    {
        WriteMetrics(3);
        var line = Line(Metrics());
        await File.AppendAllTextAsync(journal, line[..20]);
        await DrainAsync();
        await AssertStepsAsync(3);
        await File.AppendAllTextAsync(journal, line[20..]);
        await DrainAsync();
        await AssertStepsAsync(4);
    }

    [Fact]
    public async Task A_damaged_line_does_not_stop_the_rest()
    {
        WriteMetrics(2);
        await File.AppendAllTextAsync(journal, "{\"seq\":oops\n{\"seq\":77,\"kind\":\"from the future\"}\n");
        WriteMetrics(2);
        await DrainAsync();
        await AssertStepsAsync(4);
    }

    [Fact]
    public async Task Two_readers_at_once_store_each_event_once()
    {
        WriteMetrics(800);
        await Task.WhenAll(DrainAsync(), DrainAsync(), DrainAsync());
        await AssertStepsAsync(800);
    }

    [Fact]
    public async Task A_subscriber_gets_what_it_missed_and_what_follows_without_gap_or_double()
    {
        WriteMetrics(700);
        await DrainAsync();
        var seen = new List<long>();
        var stream = host.Services.GetRequiredService<RunStream>();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var reading = Task.Run(async () =>
        {
            await foreach (var update in stream.ReadAsync(run.TeamId, run.Id, lastSeq: 100, stop.Token))
            {
                seen.AddRange(update.Events.Select(journalEvent => journalEvent.Seq));
                if (seen[^1] >= 1000)
                {
                    return;
                }
            }
        });
        for (var i = 0; i < 30; i++)
        {
            WriteMetrics(10);
            await DrainAsync();
        }

        await reading;
        Assert.Equal(Enumerable.Range(101, 900).Select(seq => (long)seq), seen);
    }

    [Fact]
    public async Task A_slow_subscriber_catches_up_from_the_journal()
    {
        WriteMetrics(1);
        await DrainAsync();
        var seen = new List<long>();
        var stream = host.Services.GetRequiredService<RunStream>();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var updates = stream.ReadAsync(run.TeamId, run.Id, 0, stop.Token).GetAsyncEnumerator();
        Assert.True(await updates.MoveNextAsync());
        seen.AddRange(updates.Current.Events.Select(journalEvent => journalEvent.Seq));
        var moving = updates.MoveNextAsync().AsTask();

        // More updates than are kept for a listener that does not listen.
        for (var i = 0; i < 400; i++)
        {
            WriteMetrics(1);
            await DrainAsync();
        }

        while (seen[^1] < 401 && await moving)
        {
            seen.AddRange(updates.Current.Events.Select(journalEvent => journalEvent.Seq));
            moving = updates.MoveNextAsync().AsTask();
        }

        Assert.Equal(Enumerable.Range(1, 401).Select(seq => (long)seq), seen);
        await stop.CancelAsync();
    }

    private Task<bool> DrainAsync() => host.Services.GetRequiredService<JournalTailer>().DrainAsync(run.Id);

    private void WriteMetrics(int count) => File.AppendAllText(journal, string.Concat(Enumerable.Range(0, count).Select(_ => Line(Metrics()))));

    private MetricsEvent Metrics()
    {
        written++;
        return new MetricsEvent(0, written - 1, written - 1, 0, 0, new Dictionary<string, double?> { ["loss"] = 0.5 }) { Seq = written, At = DateTimeOffset.UnixEpoch };
    }

    private static string Line(JournalEvent journalEvent) => JsonSerializer.Serialize(journalEvent, RunJson.Line) + "\n";

    private async Task AssertStepsAsync(int count)
    {
        await using var db = host.Db();
        Assert.Equal(Enumerable.Range(0, count), await db.MetricPoints.Where(point => point.RunId == run.Id).OrderBy(point => point.Step).Select(point => point.Step).ToListAsync());
    }
}
