using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Tests;

/// <summary>Curves of long runs, read from blocks and in parts, and taken up again after a break.</summary>
public sealed class CurveTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private readonly List<double?> values = [];
    private Browser browser = null!;
    private Run run = null!;
    private string journal = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        browser = await host.AdminAsync();
        await using var db = host.Db();
        run = new Run
        {
            TeamId = (await db.Teams.FirstAsync()).Id, Name = "long", Kind = "spin", Status = RunStatus.Stopped, Folder = "runs/long", ClientRequestId = "x",
            Config = """{ "name": "long", "model": "m", "dataset": "d" }""",
        };
        db.Runs.Add(run);
        await db.SaveChangesAsync();
        journal = Path.Combine(host.Data, run.Folder, "journal.jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(journal)!);
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_long_curve_keeps_its_spikes_and_its_ends_in_a_thousand_points()
    {
        await WriteAsync(9000, step => step switch { 4321 => 50, 7777 => -50, 5 => null, _ => Math.Sin(step / 100.0) });
        var series = await SeriesAsync("");
        Assert.InRange(series.Steps.Count, 500, 1000);
        Assert.Equal(series.Steps.Order().Distinct(), series.Steps);
        Assert.Contains((4321, 50), series.Points);
        Assert.Contains((7777, -50), series.Points);
        Assert.Equal(8999, series.Steps[^1]);
        Assert.All(series.Points, point => Assert.Equal(values[point.Step], point.Value));
    }

    [Fact]
    public async Task A_part_of_a_long_curve_is_every_point_of_it()
    {
        await WriteAsync(9000, step => step * 0.5);
        var series = await SeriesAsync("&from=3000&to=3499");
        Assert.Equal(Enumerable.Range(3000, 500), series.Steps);
        Assert.All(series.Points, point => Assert.Equal(point.Step * 0.5, point.Value));
    }

    [Fact]
    public async Task What_a_thinned_point_stands_for_has_the_mean_of_all()
    {
        await WriteAsync(8192, step => step % 2 == 0 ? 1 : 3);
        var thinned = (await browser.GetJsonAsync($"/api/v1/runs/{run.Id}/metrics?name=loss")).GetProperty("series")[0];
        Assert.All(thinned.GetProperty("mean").EnumerateArray().SkipLast(20), mean => Assert.Equal(2, mean.GetDouble(), 5));
    }

    [Fact]
    public async Task Blocks_do_not_depend_on_how_the_journal_arrived()
    {
        await WriteAsync(700, step => Math.Cos(step));
        for (var i = 0; i < 40; i++)
        {
            await WriteAsync(7, step => Math.Cos(step));
        }

        await using var db = host.Db();
        var blocks = await db.MetricBlocks.Where(block => block.RunId == run.Id).ToListAsync();
        Assert.All(blocks, block =>
        {
            var within = values.Skip((int)block.First).Take(block.Size).OfType<double>().ToList();
            Assert.Equal((within.Count, within.Min(), within.Max()), (block.Count, block.Low!.Value, block.High!.Value));
            Assert.Equal(within.Sum(), block.Sum, 9);
        });
        Assert.Equal(980, blocks.Where(block => block.Size == 16).Sum(block => block.Count));
    }

    /// <summary>As a browser does after a lost connection, a killed server, or a night's sleep: the curves from the server, then everything after their last sequence number.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_comes_back_ends_with_exactly_the_points_of_the_journal(bool serverRestarts)
    {
        await WriteAsync(300, step => step);
        var loaded = await browser.GetJsonAsync($"/api/v1/runs/{run.Id}/metrics?name=loss");
        var steps = loaded.GetProperty("series")[0].GetProperty("step").EnumerateArray().Select(step => step.GetInt32()).ToList();
        var last = loaded.GetProperty("last_seq").GetInt64();

        // Hears some, then is away while the run goes on.
        last = await HearAsync(steps, last, 300);
        await WriteAsync(200, step => step);
        if (serverRestarts)
        {
            await host.RestartAsync();
            browser = await host.AdminAsync();
        }

        await WriteAsync(400, step => step);
        last = await HearAsync(steps, last, 900);
        await WriteAsync(50, step => step);
        await HearAsync(steps, last, 950);
        Assert.Equal(Enumerable.Range(0, 950), steps);
        Assert.Equal(steps, (await SeriesAsync("")).Steps);
    }

    [Fact]
    public async Task A_chart_csv_is_safe_in_a_spreadsheet_and_holds_every_point_of_every_chosen_run()
    {
        await WriteAsync(1500, step => step);
        await using (var db = host.Db())
        {
            await db.Runs.ExecuteUpdateAsync(row => row.SetProperty(x => x.Name, "=cmd()"));
        }

        var csv = await (await browser.GetAsync($"/api/v1/runs/{run.Id}/metrics.csv?name=loss")).Content.ReadAsStringAsync();
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1501, lines.Length);
        Assert.All(lines.Skip(1), line => Assert.StartsWith("'=cmd(),", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_of_a_run_are_downloaded_by_their_name_and_nothing_else_is()
    {
        await WriteAsync(3, step => step);
        Assert.True((await browser.GetAsync($"/api/v1/runs/{run.Id}/files/journal.jsonl")).IsSuccessStatusCode);
        foreach (var name in (string[])["..%2F..%2Fstudio.db", "%2e%2e/%2e%2e/studio.db", "%2Fetc%2Fpasswd", "nothing.txt"])
        {
            var answer = await browser.GetAsync($"/api/v1/runs/{run.Id}/files/{name}");
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private async Task<long> HearAsync(List<int> steps, long last, int until)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        if (steps.Count >= until)
        {
            return last;
        }

        await foreach (var update in host.Services.GetRequiredService<RunStream>().ReadAsync(run.TeamId, run.Id, last, limit.Token))
        {
            foreach (var journalEvent in update.Events)
            {
                last = journalEvent.Seq;
                steps.Add((int)((MetricsEvent)journalEvent).GlobalStep);
            }

            if (steps.Count >= until)
            {
                break;
            }
        }

        return last;
    }

    private async Task WriteAsync(int count, Func<int, double?> value)
    {
        var lines = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var step = values.Count;
            values.Add(value(step));
            var metrics = new MetricsEvent(0, step, step, 0, step * 10L, new Dictionary<string, double?> { ["loss"] = values[step] }) { Seq = step + 1, At = DateTimeOffset.UnixEpoch.AddSeconds(step) };
            lines.Add(JsonSerializer.Serialize<JournalEvent>(metrics, RunJson.Line));
        }

        await File.AppendAllLinesAsync(journal, lines);
        await host.Services.GetRequiredService<JournalTailer>().DrainAsync(run.Id);
    }

    private async Task<(List<int> Steps, List<(int Step, double? Value)> Points)> SeriesAsync(string query)
    {
        var series = (await browser.GetJsonAsync($"/api/v1/runs/{run.Id}/metrics?name=loss{query}")).GetProperty("series")[0];
        var steps = series.GetProperty("step").EnumerateArray().Select(step => step.GetInt32()).ToList();
        return (steps, [.. steps.Zip(series.GetProperty("value").EnumerateArray().Select(one => one.ValueKind == JsonValueKind.Null ? (double?)null : one.GetDouble()))]);
    }
}
