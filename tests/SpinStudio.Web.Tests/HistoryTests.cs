using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Web.Features.History;
using SpinStudio.Web.Live;
using Xunit.Abstractions;

namespace SpinStudio.Web.Tests;

/// <summary>Finding runs.</summary>
public sealed class HistoryTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_run_s_figures_come_from_its_journal()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        var row = Assert.Single((await ListAsync("")).GetProperty("items").EnumerateArray());
        var figures = row.GetProperty("figures");
        Assert.Equal(5, figures.GetProperty("steps").GetInt32());
        Assert.Equal(0.6927, figures.GetProperty("loss_last").GetDouble(), 1e-9);
        Assert.Equal(0.6927, figures.GetProperty("loss_min").GetDouble(), 1e-9);
        Assert.Equal(0.6931, figures.GetProperty("loss_max").GetDouble(), 1e-9);
        Assert.Equal(5, figures.GetProperty("loss_curve").GetArrayLength());
        Assert.Equal(1.5, figures.GetProperty("nll").GetDouble());
        Assert.True(figures.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal("ada", row.GetProperty("run").GetProperty("created_by").GetString());
    }

    [Fact]
    public async Task Runs_of_an_older_studio_get_their_figures_at_the_start()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        await using (var db = host.Db())
        {
            await db.Runs.ExecuteUpdateAsync(run => run.SetProperty(x => x.Steps, (long?)null).SetProperty(x => x.LossLast, (double?)null).SetProperty(x => x.LossCurve, (string?)null).SetProperty(x => x.NllLast, (double?)null));
        }

        await host.RestartAsync();
        admin = await host.AdminAsync();
        var figures = (await ListAsync("")).GetProperty("items")[0].GetProperty("figures");
        Assert.Equal(5, figures.GetProperty("steps").GetInt32());
        Assert.Equal(0.6927, figures.GetProperty("loss_last").GetDouble(), 1e-9);
        Assert.Equal(1.5, figures.GetProperty("nll").GetDouble());
    }

    [Theory]
    [InlineData("%", "100% human")]
    [InlineData("_", "under_score")]
    [InlineData("'", "it's")]
    [InlineData("\"", "say \"hi\"")]
    [InlineData("\\", "back\\slash")]
    [InlineData("100% hum", "100% human")]
    [InlineData("baseline", "tagged")]
    [InlineData("needle", "noted")]
    [InlineData("NOTED", "noted")]
    [InlineData("'; DROP TABLE Runs; --", null)]
    [InlineData("%%%%", null)]
    [InlineData("tagged baseline", "tagged")]
    [InlineData("tagged needle", null)]
    public async Task A_search_finds_what_it_says_and_nothing_else(string search, string? expected)
    {
        foreach (var name in new[] { "100% human", "under_score", "it's", "say \"hi\"", "back\\slash", "plain" })
        {
            await host.AddRunAsync(name);
        }

        await host.AddRunAsync("tagged", run => run.Tags.Add(new RunTag { RunId = run.Id, TeamId = run.TeamId, Name = "baseline" }));
        await host.AddRunAsync("noted", run => run.Notes = "a needle in the hay");
        Assert.Equal(expected is null ? [] : [expected], await NamesAsync($"q={Uri.EscapeDataString(search)}"));
        Assert.Equal(8, (await ListAsync("")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_search_finds_dataset_model_and_person()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        await host.AddRunAsync("other");
        Assert.Equal(["quick"], await NamesAsync("q=stories"));
        Assert.Equal(["quick"], await NamesAsync("q=tiny+model"));
        Assert.Equal(["quick"], await NamesAsync("q=ada"));
        var run = (await ListAsync("q=ada")).GetProperty("items")[0].GetProperty("run");
        Assert.Equal(["quick"], await NamesAsync($"dataset={run.GetProperty("dataset_id").GetString()}"));
        Assert.Equal(["quick"], await NamesAsync($"model={run.GetProperty("model_id").GetString()}"));
        var choices = await admin.GetJsonAsync("/api/v1/history/choices");
        var person = choices.GetProperty("people").EnumerateArray().First(group => group.GetProperty("label").GetString() == "ada");
        Assert.Equal(["quick"], await NamesAsync($"person={person.GetProperty("key").GetString()}"));
    }

    [Fact]
    public async Task Filters_sorting_and_shelves_do_what_they_say()
    {
        var day = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        await host.AddRunAsync("a", run => (run.ExactBest, run.LossMin, run.CreatedAt, run.Kind) = (0.2, 0.5, day, "sft"));
        await host.AddRunAsync("b", run => (run.ExactBest, run.LossMin, run.CreatedAt, run.Status) = (0.9, 0.3, day.AddHours(23.9), RunStatus.Failed));
        await host.AddRunAsync("c", run => (run.CreatedAt, run.PinnedAt) = (day.AddDays(1), day));
        await host.AddRunAsync("old", run => (run.CreatedAt, run.ArchivedAt) = (day, day));
        await host.AddRunAsync("waste", run => (run.CreatedAt, run.TrashedAt, run.ArchivedAt) = (day, day, day));

        Assert.Equal(["c", "b", "a"], await NamesAsync(""));
        // The pinned one first; what has no figure last, whichever way it is sorted.
        await using (var db = host.Db())
        {
            await db.Runs.Where(run => run.Name == "c").ExecuteUpdateAsync(run => run.SetProperty(x => x.PinnedAt, (DateTimeOffset?)null));
        }

        Assert.Equal(["b", "a", "c"], await NamesAsync("sort=-exact_best"));
        Assert.Equal(["a", "b", "c"], await NamesAsync("sort=exact_best"));
        Assert.Equal(["b", "a", "c"], await NamesAsync("sort=loss_min"));
        Assert.Equal(["a", "b", "c"], await NamesAsync("sort=name"));
        Assert.Equal(["b"], await NamesAsync("status=failed"));
        Assert.Equal(["a", "b", "c"], await NamesAsync("status=failed,completed&sort=name"));
        Assert.Equal(["a"], await NamesAsync("kind=sft"));
        Assert.Equal(["b", "a"], await NamesAsync("from=2026-03-01&to=2026-03-01"));
        Assert.Equal(["old"], await NamesAsync("show=archived"));
        Assert.Equal(["waste"], await NamesAsync("show=trash"));
        Assert.Equal(5, (await ListAsync("show=all")).GetProperty("total").GetInt32());
        Assert.Equal(["a"], await NamesAsync("sort=name&size=1"));
        Assert.Equal(["b"], await NamesAsync("sort=name&size=1&at=2"));
        foreach (var sort in Enum.GetValues<RunSort>())
        {
            Assert.Equal(3, (await NamesAsync($"sort=-{HistoryQuery.Word(sort)}")).Count);
        }
    }

    [Fact]
    public async Task Groups_have_their_counts_and_a_run_with_two_tags_is_in_both()
    {
        await host.AddRunAsync("a", run => { Tag(run, "red"); Tag(run, "blue"); run.ExactBest = 0.5; });
        await host.AddRunAsync("b", run => { Tag(run, "red"); run.ExactBest = 0.7; });
        await host.AddRunAsync("c", run => run.Status = RunStatus.Failed);
        var page = await ListAsync("group=tag&sort=name");
        Assert.Equal(["blue:1", "red:2", "without a tag:1"], page.GetProperty("groups").EnumerateArray().Select(group => $"{group.GetProperty("label").GetString()}:{group.GetProperty("count").GetInt32()}"));
        Assert.Equal(0.7, page.GetProperty("groups")[1].GetProperty("best_exact").GetDouble());
        Assert.Equal(["a", "a", "b", "c"], Names(page));
        Assert.Equal((3, 4), (page.GetProperty("total").GetInt32(), page.GetProperty("rows").GetInt32()));
        Assert.Equal(["a"], await NamesAsync("tag=red,blue"));
        foreach (var group in Enum.GetValues<RunGrouping>().Where(group => group is not RunGrouping.None and not RunGrouping.Tag))
        {
            var grouped = await ListAsync($"group={HistoryQuery.Word(group)}");
            Assert.Equal(3, grouped.GetProperty("groups").EnumerateArray().Sum(entry => entry.GetProperty("count").GetInt32()));
            Assert.Equal(3, grouped.GetProperty("items").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("sort=created;drop", "sort must be one of")]
    [InlineData("status=nowhere", "status must be one of")]
    [InlineData("status=7", "status must be one of")]
    [InlineData("group=password_hash", "group must be one of")]
    [InlineData("kind=x", "kind must be one of")]
    [InlineData("show=secret", "show must be one of")]
    [InlineData("dataset=1", "dataset must be an id")]
    [InlineData("from=yesterday", "from must be a day")]
    [InlineData("at=0", "at must be a whole number from 1")]
    [InlineData("size=100000", "size must be a whole number from 1 to 500")]
    public async Task A_parameter_that_is_unknown_is_refused_with_what_is_allowed(string query, string message)
    {
        var answer = await admin.GetAsync($"/api/v1/history?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(message, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_without_end_is_refused() =>
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"/api/v1/history?q={new string('x', 201)}")).StatusCode);

    [Fact]
    public async Task Nothing_of_another_team_is_found_counted_or_grouped()
    {
        var others = await host.OtherTeamAsync();
        await host.AddRunAsync("secret", run => Tag(run, "secret"), others);
        foreach (var query in new[] { "", "q=secret", "tag=secret", "group=tag", "group=status", "show=all" })
        {
            var page = await ListAsync(query);
            Assert.Equal(0, page.GetProperty("total").GetInt32());
            Assert.DoesNotContain("secret", page.ToString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("secret", (await admin.GetJsonAsync("/api/v1/history/choices")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", (await admin.GetJsonAsync("/api/v1/tags")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", await (await admin.GetAsync("/api/v1/history/runs.csv?show=all")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_download_holds_every_match_and_no_formula()
    {
        await host.AddRunAsync("=1+1", run => (run.LossLast, run.ExactBest) = (0.25, 0.5));
        await host.AddRunAsync("a,\"b\"");
        await host.AddRunAsync("failed", run => run.Status = RunStatus.Failed);
        var answer = await admin.GetAsync("/api/v1/history/runs.csv?status=completed&sort=name");
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Contains(",'=1+1,spin,completed,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",0.25,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",\"a,\"\"b\"\"\",", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_thousand_runs_are_listed_in_under_a_second()
    {
        await SeedAsync(5000);
        string[] queries = ["", "q=run+4", "sort=-exact_change", "sort=loss_min&status=completed", "group=tag", "group=dataset&sort=-nll", "tag=red&sort=duration", "q=needle&show=all", "at=100", "size=500"];
        using var scope = host.Services.CreateScope();
        List<double> asked = [], answered = [];
        foreach (var query in queries.Concat(queries).Concat(queries))
        {
            var watch = Stopwatch.StartNew();
            var page = await ListAsync(query);
            answered.Add(watch.Elapsed.TotalMilliseconds);
            Assert.True(page.GetProperty("total").GetInt32() > 0, query);
        }

        foreach (var query in queries)
        {
            var watch = Stopwatch.StartNew();
            await using var db = host.Db();
            var team = (await db.Teams.FirstAsync()).Id;
            var parsed = HistoryQuery.Parse(name => Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query).TryGetValue(name, out var value) ? value.First() : null);
            await HistoryFilter.Sorted(HistoryFilter.Entries(HistoryFilter.Matching(db, team, parsed), parsed.Group), parsed).Skip((parsed.Page - 1) * parsed.Size).Take(parsed.Size).Select(entry => entry.Run.Id).ToListAsync();
            asked.Add(watch.Elapsed.TotalMilliseconds);
        }

        var page1 = Stopwatch.StartNew();
        var html = await admin.GetAsync("/runs?sort=-exact_best");
        Assert.Equal(HttpStatusCode.OK, html.StatusCode);
        Assert.Contains("data-row", await html.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"5,000 runs: page query median {Median(asked):0} ms, worst {asked.Max():0} ms; HTTP answer median {Median(answered):0} ms, worst {answered.Max():0} ms; the page itself {page1.ElapsedMilliseconds} ms"));
        Assert.True(Median(answered) < 1000, $"median {Median(answered):0} ms");
    }

    [Fact]
    public void A_thinned_curve_keeps_its_shape_however_long_it_grows()
    {
        string? text = null;
        for (var i = 0; i < 10_000; i++)
        {
            text = LossCurve.Append(text, i, i % 1000 == 500 ? null : 1.0 - (i / 10_000.0));
        }

        var values = LossCurve.Values(text);
        Assert.InRange(values.Count, 32, 64);
        Assert.True(text!.Length < 600);
        Assert.Equal(1, values[0]);
        Assert.Equal(values.OfType<double>().OrderDescending(), values.OfType<double>());
    }

    private async Task SeedAsync(int count)
    {
        var random = new Random(5);
        string[] words = ["red", "blue", "green", "baseline", "paper"];
        await using var db = host.Db();
        var team = (await db.Teams.FirstAsync()).Id;
        var user = (await db.Users.FirstAsync()).Id;
        var datasets = Enumerable.Range(0, 12).Select(i => new Dataset { TeamId = team, Name = $"dataset {i}" }).ToList();
        foreach (var dataset in datasets)
        {
            dataset.Versions.Add(new DatasetVersion { Number = 1, Sha256 = new string('0', 64), File = "x", Source = "test" });
        }

        var models = Enumerable.Range(0, 8).Select(i => new Model { TeamId = team, Name = $"model {i}", Folder = "x", Sha256 = new string('0', 64), Architecture = "x" }).ToList();
        db.AddRange(datasets);
        db.AddRange(models);
        var curve = "16:" + string.Join(',', Enumerable.Range(0, 60).Select(i => (0.7 - (i * 0.01)).ToString("G4", CultureInfo.InvariantCulture)));
        var config = "{ \"name\": \"past\", \"model\": \"m\", \"dataset\": \"d\", \"padding\": \"" + new string('x', 1200) + "\" }";
        for (var i = 0; i < count; i++)
        {
            var run = PastRuns.New($"run {i}", team);
            run.Config = config;
            run.CreatedAt = DateTimeOffset.UtcNow.AddMinutes(-i);
            (run.DatasetVersionId, run.ModelId, run.CreatedById) = (datasets[i % 12].Versions[0].Id, models[i % 8].Id, user);
            run.Status = i % 7 == 0 ? RunStatus.Failed : RunStatus.Completed;
            (run.LossLast, run.LossMin, run.LossMax, run.LossCurve, run.Steps, run.WorkSeconds) = (random.NextDouble(), random.NextDouble(), 1, curve, 960, random.Next(10_000));
            (run.ExactStart, run.ExactLast, run.ExactBest, run.ExactChange, run.NllLast) = (0.2, random.NextDouble(), random.NextDouble(), random.NextDouble() - 0.5, random.NextDouble());
            run.Notes = i % 9 == 0 ? string.Join(' ', Enumerable.Repeat("some words about what was tried", 20)) + (i % 90 == 0 ? " needle" : "") : null;
            run.ArchivedAt = i % 50 == 0 ? DateTimeOffset.UtcNow : null;
            foreach (var word in words.Where(_ => random.Next(4) == 0))
            {
                Tag(run, word);
            }

            db.Runs.Add(run);
        }

        await db.SaveChangesAsync();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Tag(Run run, string name) => run.Tags.Add(new RunTag { RunId = run.Id, TeamId = run.TeamId, Name = name });

    private Task<JsonElement> ListAsync(string query) => admin.GetJsonAsync($"/api/v1/history?{query}");

    private async Task<List<string>> NamesAsync(string query) => Names(await ListAsync(query));

    private static List<string> Names(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("run").GetProperty("name").GetString()!)];
}
