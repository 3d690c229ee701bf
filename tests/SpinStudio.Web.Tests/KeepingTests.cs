using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Marking runs, putting them away and throwing them away.</summary>
public sealed class KeepingTests : IAsyncLifetime
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
    public async Task Tags_are_added_to_many_runs_and_taken_away_again()
    {
        var (a, b) = (await host.AddRunAsync("a"), await host.AddRunAsync("b"));
        Assert.Equal(2, (await ChangeAsync("tag", "  Base   Line ", a.Id, b.Id)).GetProperty("changed").GetInt32());
        Assert.Equal(["base line"], Strings(await KeepingAsync(a.Id), "tags"));
        Assert.Equal(2, (await ChangeAsync("tag", "base line", a.Id, b.Id)).GetProperty("changed").GetInt32());
        await ChangeAsync("untag", "BASE line", b.Id);
        Assert.Empty(Strings(await KeepingAsync(b.Id), "tags"));
        Assert.Equal("base line", Assert.Single((await admin.GetJsonAsync("/api/v1/tags")).EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a,b")]
    [InlineData("a\u0000b")]
    [InlineData("12345678901234567890123456789012345678901")]
    public async Task A_tag_that_cannot_be_one_is_refused(string tag)
    {
        var run = await host.AddRunAsync("a");
        var answer = await admin.PostAsync("/api/v1/runs/change", new { ids = new[] { run.Id }, change = "tag", tag });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("1 to 40 characters", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_twenty_first_tag_is_refused_for_that_run_only()
    {
        var (full, free) = (await host.AddRunAsync("full"), await host.AddRunAsync("free"));
        for (var i = 0; i < 20; i++)
        {
            await ChangeAsync("tag", $"tag {i}", full.Id);
        }

        var result = await ChangeAsync("tag", "one more", full.Id, free.Id);
        Assert.Equal(1, result.GetProperty("changed").GetInt32());
        Assert.Contains("full has 20 tags", Assert.Single(result.GetProperty("refused").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notes_are_kept_as_written_and_refused_when_somebody_else_was_faster()
    {
        var run = await host.AddRunAsync("a");
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync($"/api/v1/runs/{run.Id}/notes", new { text = "**bold** <script>alert(1)</script>", was = "" })).StatusCode);
        var notes = await admin.GetJsonAsync($"/api/v1/runs/{run.Id}/notes");
        Assert.Equal("**bold** <script>alert(1)</script>", notes.GetProperty("text").GetString());
        Assert.Equal("<p><strong>bold</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>", notes.GetProperty("html").GetString()!.Trim());
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync($"/api/v1/runs/{run.Id}/notes", new { text = "mine", was = "" })).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PutAsync($"/api/v1/runs/{run.Id}/notes", new { text = new string('x', 20_001) })).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("two\nlines")]
    public async Task A_name_that_cannot_be_one_is_refused(string name)
    {
        var run = await host.AddRunAsync("a");
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync($"/api/v1/runs/{run.Id}/name", new { name })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync($"/api/v1/runs/{run.Id}/name", new { name = " better " })).StatusCode);
        Assert.Equal("better", (await KeepingAsync(run.Id)).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_run_in_the_trash_is_out_of_sight_and_comes_back_whole()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/runs/{id}")).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/runs")).GetProperty("total").GetInt32());
        var trashed = Assert.Single((await admin.GetJsonAsync("/api/v1/history?show=trash")).GetProperty("items").EnumerateArray());
        Assert.Equal("ada", trashed.GetProperty("trashed_by").GetString());
        Assert.True(Directory.Exists(FolderOf(id)));
        await ChangeAsync("restore", null, id);
        Assert.Equal(1, (await admin.GetJsonAsync("/api/v1/runs")).GetProperty("total").GetInt32());
        Assert.Equal([0, 1, 2, 3, 4], await admin.StepsAsync(id));
        await using var db = host.Db();
        Assert.Equal(["run.trash", "run.restore"], await db.AuditEntries.Where(entry => entry.Subject == id.ToString() && entry.Action != "run.create").OrderBy(entry => entry.Id).Select(entry => entry.Action).ToListAsync());
    }

    [Fact]
    public async Task A_purged_run_frees_its_bytes_and_keeps_its_curve_where_wanted()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        var bytes = new DirectoryInfo(FolderOf(id)).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

        // Not before it is in the trash, and not by a slip of the hand.
        var early = await PurgeAsync(1, true, id);
        Assert.Equal(0, early.GetProperty("purged").GetInt32());
        Assert.Contains("not in the trash", early.GetProperty("refused")[0].GetString(), StringComparison.Ordinal);
        await admin.DeleteAsync($"/api/v1/runs/{id}");
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/runs/purge", new { ids = new[] { id }, count = 2 })).StatusCode);
        var preview = await (await admin.PostAsync("/api/v1/runs/purge/preview", new { ids = new[] { id }, count = 1 })).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(bytes, preview.GetProperty("bytes").GetInt64());
        Assert.True(Directory.Exists(FolderOf(id)));

        var purged = await PurgeAsync(1, true, id);
        Assert.Equal((1, bytes), (purged.GetProperty("purged").GetInt32(), purged.GetProperty("bytes").GetInt64()));
        Assert.False(Directory.Exists(FolderOf(id)));
        await using var db = host.Db();
        Assert.False(await db.Models.AnyAsync(model => model.RunId == id));
        Assert.Equal([0, 1, 2, 3, 4], await admin.StepsAsync(id));
        var row = Assert.Single((await admin.GetJsonAsync("/api/v1/history")).GetProperty("items").EnumerateArray());
        Assert.True(row.TryGetProperty("purged_at", out _));
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/runs/{id}/resume")).StatusCode);

        // The row goes too once it is thrown away again.
        await admin.PurgeAsync(id);
        Assert.False(await db.Runs.AnyAsync(run => run.Id == id));
        Assert.False(await db.MetricPoints.AnyAsync());
    }

    [Fact]
    public async Task A_run_whose_model_another_run_started_from_stays()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        await using var db = host.Db();
        var model = await db.Models.FirstAsync(row => row.RunId == id);
        await host.AddRunAsync("child", run => run.ModelId = model.Id);
        await admin.DeleteAsync($"/api/v1/runs/{id}");
        var result = await PurgeAsync(1, false, id);
        Assert.Equal(0, result.GetProperty("purged").GetInt32());
        Assert.Contains("starting model of child", result.GetProperty("refused")[0].GetString(), StringComparison.Ordinal);
        Assert.True(Directory.Exists(FolderOf(id)));
    }

    [Fact]
    public async Task A_running_run_is_not_thrown_away()
    {
        var id = await admin.StartAsync(host, "endless");
        await admin.WaitForStatusAsync(id, "running");
        var answer = await admin.DeleteAsync($"/api/v1/runs/{id}");
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("stop it before", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await admin.PostAsync($"/api/v1/runs/{id}/stop");
        await admin.WaitForStatusAsync(id, "stopped");
        (await admin.DeleteAsync($"/api/v1/runs/{id}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/runs/{id}/resume")).StatusCode);
    }

    [Fact]
    public async Task Looking_is_for_everybody_changing_for_runners()
    {
        var run = await host.AddRunAsync("a");
        var rater = await host.MemberAsync("rita", TeamRole.Rater);
        Assert.Equal(HttpStatusCode.OK, (await rater.GetAsync($"/api/v1/runs/{run.Id}/keeping")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rater.GetAsync("/api/v1/history")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync("/api/v1/runs/change", new { ids = new[] { run.Id }, change = "pin" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.DeleteAsync($"/api/v1/runs/{run.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync("/api/v1/runs/purge", new { ids = new[] { run.Id }, count = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.SendAsync(HttpMethod.Put, $"/api/v1/runs/{run.Id}/notes", JsonContent.Create(new { text = "x" }))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.SendAsync(HttpMethod.Put, $"/api/v1/runs/{run.Id}/name", JsonContent.Create(new { name = "x" }))).StatusCode);
        Assert.Equal("a", (await KeepingAsync(run.Id)).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Another_team_s_run_in_a_request_refuses_the_whole_request()
    {
        var own = await host.AddRunAsync("own");
        var foreign = await host.AddRunAsync("secret", run => run.TrashedAt = DateTimeOffset.UtcNow, await host.OtherTeamAsync());
        foreach (var change in new[] { "tag", "pin", "archive", "trash", "restore" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs/change", new { ids = new[] { own.Id, foreign.Id }, change, tag = "x" })).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs/purge", new { ids = new[] { foreign.Id }, count = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs/purge/preview", new { ids = new[] { foreign.Id }, count = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{foreign.Id}/keeping")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{foreign.Id}/notes")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync($"/api/v1/runs/{foreign.Id}/notes", new { text = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync($"/api/v1/runs/{foreign.Id}/name", new { name = "x" })).StatusCode);
        await using var db = host.Db();
        var untouched = await db.Runs.Include(run => run.Tags).FirstAsync(run => run.Id == own.Id);
        Assert.True(untouched is { PinnedAt: null, ArchivedAt: null, TrashedAt: null, Tags: [] });
    }

    [Fact]
    public async Task No_run_and_too_many_runs_are_refused()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/runs/change", new { ids = Array.Empty<Guid>(), change = "pin" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/runs/change", new { ids = Enumerable.Range(0, 501).Select(_ => Guid.NewGuid()), change = "pin" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync("/api/v1/runs/change", new { ids = new[] { Guid.NewGuid() }, change = "explode" })).StatusCode);
    }

    private string FolderOf(Guid id) => Path.Combine(host.Data, "runs", id.ToString("N"));

    private Task<JsonElement> KeepingAsync(Guid id) => admin.GetJsonAsync($"/api/v1/runs/{id}/keeping");

    private Task<HttpResponseMessage> PutAsync(string path, object body) => admin.SendAsync(HttpMethod.Put, path, JsonContent.Create(body));

    private async Task<JsonElement> ChangeAsync(string change, string? tag, params Guid[] ids)
    {
        var answer = await admin.PostAsync("/api/v1/runs/change", new { ids, change, tag });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<JsonElement> PurgeAsync(int count, bool keep, params Guid[] ids)
    {
        var answer = await admin.PostAsync("/api/v1/runs/purge", new { ids, count, keep_history = keep });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static List<string?> Strings(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(entry => entry.GetString())];
}
