using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>What a team may use of the machine: who sets it, what is refused beyond it, and what waits.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private readonly StudioHost host = new StudioHost().With("Studio:Slots", "2");
    private Browser admin = null!;
    private Guid team;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
        team = (await admin.GetJsonAsync("/api/v1/team")).GetProperty("id").GetGuid();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task What_would_go_beyond_the_disk_quota_is_refused_with_value_limit_and_fix()
    {
        var (model, dataset) = await host.InputsAsync();
        var before = (await admin.GetJsonAsync("/api/v1/team/usage")).GetProperty("disk_bytes").GetInt64();
        Assert.True(before > 0, "the dataset counts");
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(2_000_000)).StatusCode);
        Assert.Equal(before + 2_000_000, (await admin.GetJsonAsync("/api/v1/team/usage")).GetProperty("disk_bytes").GetInt64());

        await SetAsync(new { disk_quota_bytes = before + 2_500_000 });
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(400_000)).StatusCode);
        var refused = await UploadAsync(1_500_000);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        var words = (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;
        Assert.Equal("The upload needs 1.5 MB; the team's disk quota has 100 kB left. Delete uploads, datasets, models or purge old runs, or ask an Admin of the studio's first team for more.", words);

        // A plan says it before anybody presses start, and starting anyway makes nothing.
        await SetAsync(new { disk_quota_bytes = 1_000_000 });
        var start = await admin.PostAsync("/api/v1/runs", RunRequests.Named("quick", model, dataset));
        Assert.Equal(HttpStatusCode.BadRequest, start.StatusCode);
        Assert.Contains("the team's disk quota has 0 B left", await start.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await admin.PostAsync("/api/v1/fetches", new { purpose = "dataset", source = "url", address = "https://93.184.215.14/x.jsonl" })).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await admin.PostAsync($"/api/v1/datasets/{dataset}/derive", new { operation = "sample", rows = 10, name = "ten" })).StatusCode);
        await using var db = host.Db();
        Assert.False(db.Runs.Any() || db.Fetches.Any());

        await SetAsync(new { });
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(1_500_000)).StatusCode);
    }

    [Fact]
    public async Task Runs_beyond_the_quota_wait_although_a_slot_is_free_and_start_when_one_ends_or_the_quota_grows()
    {
        await SetAsync(new { run_quota = 1 });
        var first = await admin.StartAsync(host, "gated");
        await admin.WaitForStatusAsync(first, "running");
        var second = await admin.StartAsync(host, "gated second");
        var third = await admin.StartAsync(host, "gated third");
        await PassedByAsync(second, third);
        Assert.Equal("queued", await StatusAsync(second));

        await OpenAsync(first);
        await admin.WaitForStatusAsync(first, "completed");
        await admin.WaitForStatusAsync(second, "running");
        Assert.Equal("queued", await StatusAsync(third));
        Assert.Equal(1, (await admin.GetJsonAsync("/api/v1/team/usage")).GetProperty("runs").GetInt32());

        await SetAsync(new { run_quota = 2 });
        await admin.WaitForStatusAsync(third, "running");
        await OpenAsync(second);
        await OpenAsync(third);
        await admin.WaitForStatusAsync(third, "completed");
    }

    [Fact]
    public async Task Quotas_are_set_by_admins_of_the_first_team_and_within_reason()
    {
        var other = await host.OtherTeamAsync();
        var runner = await host.MemberAsync("rolf", TeamRole.Runner);
        Assert.Equal(HttpStatusCode.Forbidden, (await PutAsync(runner, team, new { run_quota = 9 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.GetAsync("/api/v1/teams/usage")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await runner.GetAsync("/api/v1/team/usage")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(admin, other, new { run_quota = 3, disk_quota_bytes = 5_000_000_000 })).StatusCode);
        var told = (await admin.GetJsonAsync("/api/v1/teams/usage")).EnumerateArray().Single(row => row.GetProperty("team_id").GetGuid() == other);
        Assert.Equal((3, 5_000_000_000), (told.GetProperty("run_quota").GetInt32(), told.GetProperty("disk_quota_bytes").GetInt64()));
        foreach (var bad in (object[])[new { run_quota = 0 }, new { run_quota = -1 }, new { disk_quota_bytes = 10 }])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(admin, team, bad)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync(admin, Guid.NewGuid(), new { run_quota = 1 })).StatusCode);

        // The Admin of another team does not see what the first one's sees.
        await using var db = host.Db();
        db.TeamMembers.Add(new TeamMember { TeamId = other, UserId = db.Users.Single(user => user.UserName == "rolf").Id, Role = TeamRole.Admin, JoinedAt = DateTimeOffset.UtcNow.AddDays(2) });
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await runner.SendAsync(HttpMethod.Put, "/api/v1/teams/current", JsonContent.Create(new { team_id = other }))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync(runner, other, new { run_quota = 9 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.GetAsync("/api/v1/teams/usage")).StatusCode);
    }

    private Task<HttpResponseMessage> UploadAsync(long length) => admin.PostAsync("/api/v1/uploads", new { file_name = "a.jsonl", length });

    private async Task SetAsync(object quota) => Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(admin, team, quota)).StatusCode);

    private static Task<HttpResponseMessage> PutAsync(Browser browser, Guid team, object quota) => browser.SendAsync(HttpMethod.Put, $"/api/v1/teams/{team}/quota", JsonContent.Create(quota));

    private async Task<string?> StatusAsync(Guid run) => (await admin.RunAsync(run)).GetProperty("summary").GetProperty("status").GetString();

    /// <summary>Waits until the scheduler has offered these runs a slot: it keeps no trigger for who was passed by.</summary>
    private async Task PassedByAsync(params Guid[] runs)
    {
        var scheduler = await ((Quartz.ISchedulerFactory)host.Services.GetService(typeof(Quartz.ISchedulerFactory))!).GetScheduler();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var run in runs)
        {
            while (await scheduler.GetJobDetail(new Quartz.JobKey(run.ToString(), "runs")) is not null)
            {
                Assert.True(watch.Elapsed.TotalSeconds < 40, "the run was not offered a slot");
                await Task.Delay(20);
            }
        }
    }

    private async Task OpenAsync(Guid run)
    {
        await using var db = host.Db();
        await File.WriteAllTextAsync(Path.Combine(host.Data, db.Runs.Single(row => row.Id == run).Folder, "open"), "");
    }
}
