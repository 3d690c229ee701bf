using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Starting runs: once, as sweeps, as clones and branches; and the team's presets.</summary>
public sealed class LaunchTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;
    private Guid model;
    private Guid dataset;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
        (model, dataset) = await host.InputsAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Ten_requests_at_once_with_one_id_start_one_run()
    {
        await admin.PostAsync("/api/v1/queue/pause");
        var request = RunRequests.Named("quick", model, dataset, "one-form");
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => admin.PostAsync("/api/v1/runs", request)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        var ids = await Task.WhenAll(answers.Select(async answer => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid()));
        Assert.Single(ids.Distinct());
        await using var db = host.Db();
        Assert.Equal(1, await db.Runs.CountAsync());
        // No folder is left behind by those that lost.
        Assert.Single(Directory.GetDirectories(Path.Combine(host.Data, "runs")));
        var found = await admin.GetJsonAsync("/api/v1/runs/by-request/one-form");
        Assert.Equal(ids[0], Assert.Single(found.EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/runs/by-request/another-form")).GetArrayLength());
    }

    [Fact]
    public async Task A_sweep_starts_each_combination_once_however_often_it_is_sent()
    {
        await admin.PostAsync("/api/v1/queue/pause");
        var sweep = new
        {
            run = RunRequests.Named("quick", model, dataset, "a-sweep"),
            axes = new[] { new { key = "beta", values = (string[])["0.1", "0.5"] }, new { key = "seed", values = (string[])["1", "2", "3"] } },
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => admin.PostAsync("/api/v1/runs/sweep", sweep)));
        foreach (var answer in answers)
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            var started = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("quick", started.GetProperty("group").GetString());
            Assert.Equal(6, started.GetProperty("runs").GetArrayLength());
            Assert.All(started.GetProperty("runs").EnumerateArray(), run => Assert.Equal("quick", run.GetProperty("group_name").GetString()));
        }

        var waiting = (await admin.GetJsonAsync("/api/v1/queue")).GetProperty("waiting");
        Assert.Equal(6, waiting.GetArrayLength());
        Assert.Contains("quick · β 0.1, Seed 1", waiting.EnumerateArray().Select(row => row.GetProperty("run").GetProperty("name").GetString()));
        Assert.Equal(6, (await admin.GetJsonAsync("/api/v1/runs/by-request/a-sweep")).GetArrayLength());
    }

    [Fact]
    public async Task A_sweep_with_a_value_that_cannot_be_used_starts_nothing()
    {
        var answer = await admin.PostAsync("/api/v1/runs/sweep", new { run = RunRequests.Named("quick", model, dataset), axes = new[] { new { key = "beta", values = (string[])["0.1", "-1"] } } });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await using var db = host.Db();
        Assert.False(await db.Runs.AnyAsync());
    }

    [Fact]
    public async Task A_clone_remembers_its_parent_and_what_was_changed()
    {
        var parent = await admin.StartAsync(host, "quick");
        var clone = await PostAsync("/api/v1/runs", Child(parent, null, model, beta: 0.7));
        var detail = await admin.RunAsync(clone.GetProperty("id").GetGuid());
        var told = detail.GetProperty("parent");
        Assert.Equal(parent, told.GetProperty("run_id").GetGuid());
        Assert.Equal("quick", told.GetProperty("name").GetString());
        var change = Assert.Single(told.GetProperty("changes").EnumerateArray());
        Assert.Equal(("beta", "0.1", "0.7"), (change.GetProperty("key").GetString(), change.GetProperty("from").GetString(), change.GetProperty("to").GetString()));
    }

    [Fact]
    public async Task A_branch_starts_from_the_iteration_s_own_model()
    {
        var parent = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(parent, "completed");
        var made = (await admin.RunAsync(parent)).GetProperty("iterations")[0].GetProperty("model_id").GetGuid();
        var wrong = await admin.PostAsync("/api/v1/runs", Child(parent, 0, model, beta: 0.1));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("is not the model of iteration 0", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // The stand-in engine's model has no tokenizer; the real one copies it.
        var folder = Path.Combine(host.Data, "runs", parent.ToString("N"), "iteration-0", "model");
        foreach (var file in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(StudioPaths.FindContent(), "samples", "model", file), Path.Combine(folder, file), overwrite: true);
        }

        var branch = await PostAsync("/api/v1/runs", Child(parent, 0, made, beta: 0.1));
        Assert.Equal(0, branch.GetProperty("parent_iteration").GetInt32());
        Assert.Equal(made, branch.GetProperty("model_id").GetGuid());
    }

    [Fact]
    public async Task A_parent_of_another_team_is_not_found()
    {
        await using (var db = host.Db())
        {
            var team = new Team { Name = "others", CreatedAt = DateTimeOffset.UtcNow };
            db.Teams.Add(team);
            db.Runs.Add(new Run { TeamId = team.Id, Name = "theirs", Kind = "spin", Status = RunStatus.Completed, Config = "{}", Folder = "runs/x", ClientRequestId = "x" });
            db.TeamPresets.Add(new TeamPreset { TeamId = team.Id, Name = "secret", Config = "{}" });
            await db.SaveChangesAsync();
        }

        await using var again = host.Db();
        var theirs = (await again.Runs.SingleAsync()).Id;
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs", Child(theirs, null, model, 0.1))).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/presets")).GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/presets/{(await again.TeamPresets.SingleAsync()).Id}")).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/runs/by-request/x")).GetArrayLength());
    }

    [Fact]
    public async Task A_preset_is_kept_overwritten_only_when_asked_and_deleted()
    {
        var saved = await PostAsync("/api/v1/presets", Preset("Ours", 3));
        Assert.Equal("ada", saved.GetProperty("changed_by").GetString());
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync("/api/v1/presets", Preset("Ours", 4))).StatusCode);
        await PostAsync("/api/v1/presets", Preset("Ours", 4, replace: true));
        var kept = Assert.Single((await admin.GetJsonAsync("/api/v1/presets")).EnumerateArray());
        Assert.Equal(4, kept.GetProperty("config").GetProperty("iterations").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/presets", Preset(" ", 1))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/presets", Preset("Bad", 0))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/presets/{kept.GetProperty("id").GetGuid()}")).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/presets")).GetArrayLength());
    }

    [Fact]
    public async Task Who_may_only_look_starts_and_keeps_nothing()
    {
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/runs/sweep", new { run = RunRequests.Named("quick", model, dataset), axes = new[] { new { key = "seed", values = (string[])["1"] } } })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/presets", Preset("Theirs", 1))).StatusCode);
        Assert.Equal(0, (await viewer.GetJsonAsync("/api/v1/presets")).GetArrayLength());
    }

    private object Child(Guid parent, int? iteration, Guid from, double beta) => new
    {
        config = new { name = "child", model = "", dataset = "", iterations = 1, beta = new[] { beta } },
        model_id = from,
        dataset_id = dataset,
        client_request_id = Guid.NewGuid().ToString(),
        parent_run_id = parent,
        parent_iteration = iteration,
    };

    private static object Preset(string name, int iterations, bool replace = false) => new { name, config = new { name = "", model = "", dataset = "", iterations }, replace };

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        var answer = await admin.PostAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
