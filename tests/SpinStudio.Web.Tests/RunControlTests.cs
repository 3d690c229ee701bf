using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Tests;

/// <summary>Stop, pause, resume and discard.</summary>
public sealed class RunControlTests : IAsyncLifetime
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
    public async Task A_paused_run_says_who_paused_it_survives_a_restart_and_goes_on_at_the_front_of_the_queue()
    {
        var paused = await RunningAsync("gated");
        var other = await admin.StartAsync(host, "endless");
        var last = await admin.StartAsync(host, "quick");
        Assert.True((await admin.PostAsync($"/api/v1/runs/{paused}/pause")).IsSuccessStatusCode);
        var summary = await admin.WaitForStatusAsync(paused, "paused");
        Assert.Equal("ada", summary.GetProperty("paused_by").GetString());
        Assert.True(summary.TryGetProperty("paused_at", out _));
        Assert.False(summary.TryGetProperty("stopped_by", out _));

        // Its slot went to the next one.
        await admin.WaitForStatusAsync(other, "running");
        await host.RestartAsync();
        admin = await host.AdminAsync();
        Assert.Equal("paused", (await admin.RunAsync(paused)).GetProperty("summary").GetProperty("status").GetString());

        Assert.True((await admin.PostAsync($"/api/v1/runs/{paused}/resume")).IsSuccessStatusCode);
        var places = (await admin.GetJsonAsync("/api/v1/queue")).GetProperty("waiting").EnumerateArray().Select(waiting => waiting.GetProperty("run").GetProperty("id").GetGuid());
        Assert.Equal([paused, last], places);
        await File.WriteAllTextAsync(Path.Combine(host.Data, "runs", paused.ToString("N"), "open"), "");
        await admin.PostAsync($"/api/v1/runs/{other}/stop");
        await admin.WaitForStatusAsync(last, "completed");
        Assert.Equal("completed", (await admin.RunAsync(paused)).GetProperty("summary").GetProperty("status").GetString());
        var steps = await admin.StepsAsync(paused);
        Assert.Equal(Enumerable.Range(0, steps.Count), steps);
    }

    [Fact]
    public async Task Only_a_working_run_can_be_paused_and_a_paused_one_can_still_be_stopped()
    {
        var done = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(done, "completed");
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/runs/{done}/pause")).StatusCode);

        var run = await RunningAsync("endless");
        await admin.PostAsync($"/api/v1/runs/{run}/pause");
        await admin.WaitForStatusAsync(run, "paused");
        Assert.True((await admin.PostAsync($"/api/v1/runs/{run}/stop")).IsSuccessStatusCode);
        var stopped = await admin.WaitForStatusAsync(run, "stopped");
        Assert.Equal("ada", stopped.GetProperty("stopped_by").GetString());
        Assert.False(stopped.TryGetProperty("paused_at", out _));
    }

    [Fact]
    public async Task A_pause_that_was_asked_for_before_a_crash_stays_a_pause()
    {
        var run = await RunningAsync("endless");
        await host.StopAsync();
        await using (var db = Sqlite())
        {
            DateTimeOffset? now = DateTimeOffset.UtcNow;
            await db.Runs.ExecuteUpdateAsync(row => row.SetProperty(x => x.Status, RunStatus.Stopping).SetProperty(x => x.PausedAt, now));
        }

        await host.InitializeAsync();
        admin = await host.AdminAsync();
        await admin.WaitForStatusAsync(run, "paused");
    }

    [Fact]
    public async Task A_discarded_run_leaves_neither_row_nor_folder_nor_engine()
    {
        var run = await RunningAsync("stubborn");
        int pid;
        await using (var db = host.Db())
        {
            pid = (await db.Runs.FirstAsync(row => row.Id == run)).EnginePid!.Value;
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync($"/api/v1/runs/{run}/discard?confirm=other")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await admin.PostAsync($"/api/v1/runs/{run}/discard?confirm=stubborn")).StatusCode);
        for (var i = 0; i < 400 && (await admin.GetAsync($"/api/v1/runs/{run}")).StatusCode != HttpStatusCode.NotFound; i++)
        {
            await Task.Delay(50);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{run}")).StatusCode);
        Assert.False(Directory.Exists(Path.Combine(host.Data, "runs", run.ToString("N"))));
        Assert.False(File.Exists($"/proc/{pid}/cmdline") && (await File.ReadAllTextAsync($"/proc/{pid}/cmdline")).Contains(run.ToString("N"), StringComparison.Ordinal));
        await using var after = host.Db();
        Assert.True(await after.AuditEntries.AnyAsync(entry => entry.Action == "run.discard" && entry.Subject == run.ToString()));
    }

    [Fact]
    public async Task A_waiting_run_is_discarded_at_once_and_one_whose_model_is_in_use_is_not()
    {
        await RunningAsync("endless");
        var waiting = await admin.StartAsync(host, "quick");
        Assert.Equal(HttpStatusCode.Accepted, (await admin.PostAsync($"/api/v1/runs/{waiting}/discard?confirm=quick")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{waiting}")).StatusCode);

        var used = await admin.StartAsync(host, "quick");
        await using (var db = host.Db())
        {
            var run = await db.Runs.FirstAsync(row => row.Id == used);
            var model = new Model { TeamId = run.TeamId, Name = "made", Folder = "nowhere", Sha256 = new string('b', 64), Architecture = "x", RunId = used, Iteration = 0 };
            db.Models.Add(model);
            (await db.Runs.FirstAsync(row => row.Id != used)).ModelId = model.Id;
            await db.SaveChangesAsync();
        }

        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/runs/{used}/discard?confirm=quick")).StatusCode);
        Assert.Equal("queued", (await admin.RunAsync(used)).GetProperty("summary").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("stop")]
    [InlineData("resume")]
    [InlineData("discard?confirm=endless")]
    public async Task Who_may_only_look_changes_nothing(string action)
    {
        var run = await RunningAsync("endless");
        var rater = await host.MemberAsync("rita", TeamRole.Rater);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync($"/api/v1/runs/{run}/{action}")).StatusCode);
        Assert.Equal("running", (await admin.RunAsync(run)).GetProperty("summary").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("out_of_memory")]
    [InlineData("not_finite")]
    [InlineData("invariant")]
    [InlineData("disk")]
    [InlineData("bad_input")]
    [InlineData("engine_lost")]
    [InlineData("internal")]
    public void Every_failure_has_at_least_two_cures_and_each_changed_setting_can_be_used(string cause)
    {
        var config = new RunConfig { Name = "-", Model = "-", Dataset = "-" };
        var fixes = FailureFixes.For(cause, config);
        Assert.True(fixes.Count >= 2, $"{cause}: {fixes.Count}");
        foreach (var fix in fixes)
        {
            var form = new Features.Runs.New.RunForm(config);
            foreach (var (key, value) in fix.Changes.Where(change => change.Key != "name"))
            {
                form.Set(Features.Runs.New.RunField.All.Single(field => field.Key == key), value);
            }

            Assert.Empty(form.Problems());
Assert.Equal(fix.Changes.Keys.Any(key => key != "name"), form.DifferentFrom(config).Count > 0);
        }
    }

    private async Task<Guid> RunningAsync(string scenario)
    {
        var id = await admin.StartAsync(host, scenario);
        await admin.WaitForAsync(id, summary => summary.GetProperty("status").GetString() == "running" && summary.GetProperty("last_seq").GetInt64() > 6);
        return id;
    }

    private StudioDb Sqlite()
    {
        var options = new DbContextOptionsBuilder<StudioDb>();
        options.UseStudioSqlite(StudioDbSetup.ConnectionString(Path.Combine(host.Data, "studio.db")));
        return new StudioDb(options.Options);
    }
}
