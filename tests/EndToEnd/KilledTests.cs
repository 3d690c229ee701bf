using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace EndToEnd;

/// <summary>Engine and server die at any moment while a queue is worked off; no point and no draft is lost, nothing happens twice.</summary>
[Collection(BrowserCollection.Name)]
public sealed class KilledTests(Browser browser)
{
    private const int Runs = 3;
    private const int Kills = 7;
    private const string DraftPath = "/api/v1/me/settings/draft:killed";
    private static readonly JsonNode Draft = JsonNode.Parse("""{"name":"half typed","iterations":4}""")!;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task A_queue_survives_engine_and_server_killed_at_random_moments()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny, ("Studio__MaxResumes", "20"));
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        var first = (await GetAsync(ada, "/api/v1/runs"))["items"]![0]!;
        for (var i = 1; i < Runs; i++)
            await QueueAsync(ada, first, $"Queued run {i}");
        await SendAsync(ada, "PUT", DraftPath, Draft);

        await StartedAsync(studio, $"seed {seed}");
        KillEngines(studio);
        for (var kill = 1; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(300, 5000));
            switch (random.Next(3))
            {
                case 0:
                    KillEngines(studio);
                    break;
                case 1:
                    await RestartAsync(studio, random);
                    break;
                default:
                    KillEngines(studio);
                    await RestartAsync(studio, random);
                    break;
            }
        }

        var runs = await CompletedAsync(ada, $"seed {seed}");
        Assert.Equal(Runs, runs.Count);
        await EndedAsync(studio, $"seed {seed}");
        Assert.Equal(Draft, await GetAsync(ada, DraftPath), JsonNode.DeepEquals);
        var starts = 0;
        foreach (var run in runs)
            starts += await AssertNothingLostOrDoubledAsync(ada, studio, run, $"{run["name"]}, seed {seed}");
        Assert.True(starts > Runs, $"seed {seed}: no engine was hit while it worked");
    }

    /// <summary>Waits until an engine works and has said so in its journal.</summary>
    private static async Task StartedAsync(Studio studio, string context)
    {
        var watch = Stopwatch.StartNew();
        while (studio.Engines().Count == 0 || !Journals(studio).Any(journal => File.ReadAllText(journal).Contains("\"started\"", StringComparison.Ordinal)))
        {
            Assert.True(watch.Elapsed < Limit, $"{context}: no engine after {watch.Elapsed}");
            await Task.Delay(100);
        }
    }

    private static IEnumerable<string> Journals(Studio studio) => Directory.EnumerateFiles(studio.Data, "journal.jsonl", SearchOption.AllDirectories);

    /// <summary>A run is completed with the last line of its journal; its engine ends right after.</summary>
    private static async Task EndedAsync(Studio studio, string context)
    {
        var watch = Stopwatch.StartNew();
        while (studio.Engines() is { Count: > 0 } left)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{context}: engines {string.Join(", ", left)} still there after {watch.Elapsed}");
            await Task.Delay(100);
        }
    }

    private static void KillEngines(Studio studio)
    {
        foreach (var pid in studio.Engines())
        {
            using var kill = Process.Start("kill", ["-KILL", pid.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
    }

    private static async Task RestartAsync(Studio studio, Random random)
    {
        studio.Kill();
        await Task.Delay(random.Next(2000));
        await studio.StartAgainAsync();
    }

    /// <summary>A run like another one, on the same model and dataset.</summary>
    private static async Task QueueAsync(Visitor visitor, JsonNode like, string name)
    {
        var config = (await GetAsync(visitor, $"/api/v1/runs/{like["id"]}"))["config"]!.DeepClone();
        config["name"] = name;
        config["seed"] = name.Length + name[^1];
        var body = new JsonObject
        {
            ["config"] = config, ["model_id"] = like["model_id"]!.DeepClone(), ["dataset_id"] = like["dataset_id"]!.DeepClone(), ["client_request_id"] = Guid.NewGuid().ToString(),
        };
        await SendAsync(visitor, "POST", "/api/v1/runs", body);
    }

    private static async Task SendAsync(Visitor visitor, string method, string path, JsonNode body)
    {
        var token = (string)(await GetAsync(visitor, "/api/v1/antiforgery"))["token"]!;
        var answer = await visitor.Context.APIRequest.FetchAsync(path, new()
        {
            Method = method, DataString = body.ToJsonString(), Headers = [KeyValuePair.Create("X-CSRF-TOKEN", token), KeyValuePair.Create("Content-Type", "application/json")],
        });
        Assert.True(answer.Ok, await answer.TextAsync());
    }

    /// <summary>Waits until no run is queued or running any more; all have to be completed.</summary>
    private static async Task<IReadOnlyList<JsonNode>> CompletedAsync(Visitor visitor, string context)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var runs = (await GetAsync(visitor, "/api/v1/runs"))["items"]!.AsArray().Select(run => run!).ToList();
            if (runs.TrueForAll(run => (string)run["status"]! == "completed"))
                return runs;
            var states = string.Join(", ", runs.Select(run => $"{run["name"]}: {run["status"]}"));
            Assert.True(runs.TrueForAll(run => (string)run["status"]! is not ("failed" or "stopped")), $"{context}: {states}");
            Assert.True(watch.Elapsed < Limit, $"{context}, after {watch.Elapsed}: {states}");
            await Task.Delay(500);
        }
    }

    /// <summary>The journal counts on without gaps, and the database holds its points: each once, with its value. Returns how often an engine was started.</summary>
    private static async Task<int> AssertNothingLostOrDoubledAsync(Visitor visitor, Studio studio, JsonNode run, string context)
    {
        var folder = Path.Combine(studio.Data, "runs", Guid.Parse((string)run["id"]!).ToString("N"));
        var events = (await File.ReadAllLinesAsync(Path.Combine(folder, "journal.jsonl"))).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(line => (int)line["seq"]!));
        Assert.True((long)run["last_seq"]! == events.Count, $"{context}: the database ends at {run["last_seq"]}, the journal at {events.Count}");

        var written = events.Where(line => (string)line["kind"]! == "metrics")
            .SelectMany(line => line["values"]!.AsObject().Select(value => (Iteration: (int)line["iteration"]!, Step: (int)line["step"]!, Name: value.Key, Value: (double?)value.Value)))
            .Order().ToList();
        Assert.NotEmpty(written);
        Assert.Equal(written.Count, written.DistinctBy(point => (point.Iteration, point.Step, point.Name)).Count());

        var csv = Encoding.UTF8.GetString(await visitor.FetchAsync($"/api/v1/runs/{run["id"]}/metrics.csv"));
        var kept = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(','))
            .Select(cells => (Iteration: Number(cells[^6]), Step: Number(cells[^5]), Name: cells[^3], Value: cells[^2].Length == 0 ? (double?)null : double.Parse(cells[^2], CultureInfo.InvariantCulture)))
            .Order().ToList();
        Assert.Equal(written, kept);
        return events.Count(line => (string)line["kind"]! == "started");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<JsonNode> GetAsync(Visitor visitor, string path) => JsonNode.Parse(await visitor.FetchAsync(path))!;
}
