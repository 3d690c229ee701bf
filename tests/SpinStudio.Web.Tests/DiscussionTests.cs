using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Web.Features.Activity;

namespace SpinStudio.Web.Tests;

/// <summary>What members say to each other, and what the team did.</summary>
public sealed class DiscussionTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;
    private Run run = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
        run = await host.AddRunAsync("talked about");
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_mention_reaches_who_is_meant_and_nobody_else_and_is_read_once()
    {
        var ann = await host.MemberAsync("ann", TeamRole.Viewer);
        var lee = await host.MemberAsync("ann lee", TeamRole.Viewer);
        await SayAsync(admin, "@Ann Lee, look at **step 3**; mail a@ann.example");
        var mention = Assert.Single((await lee.GetJsonAsync("/api/v1/mentions")).EnumerateArray());
        Assert.Equal("talked about", mention.GetProperty("run_name").GetString());
        Assert.False(mention.GetProperty("read").GetBoolean());
        Assert.Contains("<span class=\"mention\">@Ann Lee</span>", mention.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await ann.GetJsonAsync("/api/v1/mentions")).GetArrayLength());
        Assert.Equal(HttpStatusCode.NoContent, (await lee.PostAsync($"/api/v1/mentions/read?run={run.Id}")).StatusCode);
        Assert.True((await lee.GetJsonAsync("/api/v1/mentions"))[0].GetProperty("read").GetBoolean());
    }

    [Fact]
    public async Task A_comment_is_sanitised_and_can_be_about_a_place()
    {
        var comment = await SayAsync(admin, "<img src=x onerror=alert(1)> [x](javascript:alert(1))", "prompt:00000000000000a1");
        Assert.Equal("prompt:00000000000000a1", comment.GetProperty("anchor").GetString());
        Assert.DoesNotContain("<img", comment.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("javascript", comment.GetProperty("html").GetString(), StringComparison.Ordinal);
        foreach (var anchor in new[] { "step:-1", "prompt:x", "iteration:", "javascript:alert(1)", "step:1\n", "file:1" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync($"/api/v1/runs/{run.Id}/comments", new { body = "x", anchor })).StatusCode);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync($"/api/v1/runs/{run.Id}/comments", new { body = "  " })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsync($"/api/v1/runs/{run.Id}/comments", new { body = new string('x', 5001) })).StatusCode);
    }

    [Fact]
    public async Task Only_the_author_changes_a_comment_and_only_they_or_an_admin_delete_it()
    {
        var rater = await host.MemberAsync("rita", TeamRole.Rater);
        var other = await host.MemberAsync("rolf", TeamRole.Runner);
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        var id = (await SayAsync(rater, "first")).GetProperty("id").GetGuid();
        Assert.Equal(HttpStatusCode.Forbidden, (await EditAsync(other, id)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await EditAsync(admin, id)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await other.DeleteAsync($"/api/v1/comments/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/runs/{run.Id}/comments", new { body = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync($"/api/v1/runs/{run.Id}/comments")).StatusCode);
        var edited = await (await EditAsync(rater, id)).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("changed @vera", edited.GetProperty("body").GetString());
        Assert.Equal(1, (await viewer.GetJsonAsync("/api/v1/mentions")).GetArrayLength());
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/comments/{id}")).StatusCode);
        Assert.Equal(0, (await viewer.GetJsonAsync("/api/v1/mentions")).GetArrayLength());
    }

    [Fact]
    public async Task Another_team_s_comments_and_deeds_are_out_of_reach()
    {
        var team = await host.OtherTeamAsync();
        var foreign = await host.AddRunAsync("secret", team: team);
        await using var db = host.Db();
        var comment = new Comment { TeamId = team, RunId = foreign.Id, AuthorName = "eve", Body = "secret", CreatedAt = DateTimeOffset.UtcNow };
        db.Add(comment);
        db.AuditEntries.Add(new AuditEntry { TeamId = team, UserName = "eve", Action = "run.create", Subject = foreign.Id.ToString(), Detail = "secret", At = DateTimeOffset.UtcNow });
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{foreign.Id}/comments")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/runs/{foreign.Id}/comments", new { body = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await EditAsync(admin, comment.Id)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/comments/{comment.Id}")).StatusCode);
        Assert.DoesNotContain("secret", (await admin.GetJsonAsync("/api/v1/activity")).ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await admin.GetJsonAsync($"/api/v1/activity?run={foreign.Id}")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task The_activity_tells_who_did_what_by_person_run_and_kind()
    {
        var rolf = await host.MemberAsync("rolf", TeamRole.Runner);
        await SayAsync(rolf, "hello");
        await admin.PostAsync("/api/v1/runs/change", new { ids = new[] { run.Id }, change = "archive" });
        var all = await admin.GetJsonAsync("/api/v1/activity");
        Assert.Equal(["ada archived talked about", "rolf commented on talked about", "ada added rolf as Runner", "ada set up the studio as ada"],
            all.GetProperty("items").EnumerateArray().Select(entry => $"{entry.GetProperty("who").GetString()} {entry.GetProperty("did").GetString()} {entry.GetProperty("detail").GetString()}"));
        await using var db = host.Db();
        var id = (await db.Users.FirstAsync(user => user.UserName == "rolf")).Id;
        Assert.Equal(1, (await admin.GetJsonAsync($"/api/v1/activity?person={id}")).GetProperty("total").GetInt32());
        Assert.Equal(2, (await admin.GetJsonAsync($"/api/v1/activity?run={run.Id}")).GetProperty("total").GetInt32());
        Assert.Equal(1, (await admin.GetJsonAsync("/api/v1/activity?kind=member")).GetProperty("total").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/api/v1/activity?kind=%25")).StatusCode);
    }

    [Fact]
    public async Task Who_listens_hears_of_their_own_team_only()
    {
        var team = (await host.Db().Teams.FirstAsync()).Id;
        var news = host.Services.GetRequiredService<TeamNews>();
        using var own = news.Listen(team);
        using var other = news.Listen(Guid.NewGuid());
        await SayAsync(admin, "hello");
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        Assert.Equal(team, await own.Channel.Reader.ReadAsync(soon.Token));
        Assert.False(other.Channel.Reader.TryRead(out _));
    }

    private async Task<JsonElement> SayAsync(Browser browser, string body, string? anchor = null)
    {
        var answer = await browser.PostAsync($"/api/v1/runs/{run.Id}/comments", new { body, anchor });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static Task<HttpResponseMessage> EditAsync(Browser browser, Guid id) => browser.SendAsync(HttpMethod.Put, $"/api/v1/comments/{id}", JsonContent.Create(new { body = "changed @vera" }));
}
