using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>One team among several: renaming, making, changing to, leaving.</summary>
public sealed class TeamTests(StudioHost host) : IClassFixture<StudioHost>
{
    [Fact]
    public async Task An_admin_of_the_first_team_makes_another_and_works_in_it_without_seeing_the_first_s_things()
    {
        var admin = await host.AdminAsync();
        var run = await host.AddRunAsync("first team's");
        var other = await MakeAsync(admin, "Night shift");
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync($"/api/v1/runs/{run.Id}")).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(admin, other)).StatusCode);
        Assert.Equal("Night shift", (await admin.GetJsonAsync("/api/v1/me")).GetProperty("team_name").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{run.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/runs/{run.Id}")).StatusCode);
        // It is kept on the server: another browser of the same person is there too.
        Assert.Equal("Night shift", (await (await host.AdminAsync()).GetJsonAsync("/api/v1/me")).GetProperty("team_name").GetString());
        var refused = await admin.PostAsync("/api/v1/teams", new { name = "third" });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("first team", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(admin, await FirstAsync())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync($"/api/v1/runs/{run.Id}")).StatusCode);
    }

    [Fact]
    public async Task A_team_that_one_does_not_belong_to_is_no_team()
    {
        var admin = await host.AdminAsync();
        var other = await MakeAsync(admin, "Closed circle");
        var vera = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.NotFound, (await ChangeAsync(vera, other)).StatusCode);
        Assert.DoesNotContain("Closed circle", (await vera.GetJsonAsync("/api/v1/teams")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await vera.PostAsync("/api/v1/teams", new { name = "mine" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await vera.SendAsync(HttpMethod.Put, "/api/v1/team", JsonContent.Create(new { name = "mine" }))).StatusCode);
    }

    [Fact]
    public async Task A_token_stays_in_its_team_whatever_its_owner_changes_to()
    {
        var admin = await host.AdminAsync();
        using var program = host.Program((await admin.TokenAsync("admin")).Secret);
        var other = await MakeAsync(admin, "Elsewhere");
        await ChangeAsync(admin, other);
        Assert.NotEqual("Elsewhere", JsonDocument.Parse(await program.GetStringAsync(new Uri("/api/v1/me", UriKind.Relative))).RootElement.GetProperty("team_name").GetString());
        Assert.DoesNotContain("Elsewhere", await program.GetStringAsync(new Uri("/api/v1/teams", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Put, "/api/v1/teams/current", new { team_id = other })).StatusCode);
        await ChangeAsync(admin, await FirstAsync());
    }

    [Fact]
    public async Task Leaving_ends_tokens_and_with_the_last_team_the_account()
    {
        var admin = await host.AdminAsync();
        var leo = await host.MemberAsync("leo", TeamRole.Runner);
        using var program = host.Program((await leo.TokenAsync("run")).Secret);
        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Post, "/api/v1/team/leave", new { confirm = (await leo.GetJsonAsync("/api/v1/team")).GetProperty("name").GetString() })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await leo.PostAsync("/api/v1/team/leave", new { confirm = "Teem" })).StatusCode);
        Assert.Equal("/account/login", (await leo.SendAsync(HttpMethod.Post, "/account/leave", null)).Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);
        await using var db = host.Db();
        Assert.False(await db.Users.AnyAsync(user => user.UserName == "leo"));
        Assert.True(await db.AuditEntries.AnyAsync(entry => entry.Action == "member.leave" && entry.UserName == "leo"));

        // The last Admin stays.
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync("/api/v1/team/leave", new { confirm = (await admin.GetJsonAsync("/api/v1/team")).GetProperty("name").GetString() })).StatusCode);
        Assert.Equal("/team?error=last", (await admin.SendAsync(HttpMethod.Post, "/account/leave", null)).Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_renamed_team_is_renamed_for_everybody_and_members_show_when_they_were_seen()
    {
        var admin = await host.AdminAsync();
        await host.MemberAsync("lena", TeamRole.Viewer);
        var before = (await admin.GetJsonAsync("/api/v1/team")).GetProperty("name").GetString();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.SendAsync(HttpMethod.Put, "/api/v1/team", JsonContent.Create(new { name = " Day shift " }))).StatusCode);
        Assert.Equal("Day shift", (await admin.GetJsonAsync("/api/v1/team")).GetProperty("name").GetString());
        foreach (var bad in (string[])["", " ", "a\nb", new string('x', 101)])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await admin.SendAsync(HttpMethod.Put, "/api/v1/team", JsonContent.Create(new { name = bad }))).StatusCode);
        }

        await using var db = host.Db();
        Assert.Equal($"{before} → Day shift", (await db.AuditEntries.SingleAsync(entry => entry.Action == "team.rename")).Detail);
        var ada = (await admin.GetJsonAsync("/api/v1/members")).EnumerateArray().Single(member => member.GetProperty("name").GetString() == StudioHost.AdminName);
        Assert.True(ada.TryGetProperty("last_seen_at", out _));
        Assert.Contains("Day shift", await (await admin.GetAsync("/team")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<Guid> FirstAsync()
    {
        await using var db = host.Db();
        return await db.Teams.OrderBy(team => team.CreatedAt).Select(team => team.Id).FirstAsync();
    }

    private static async Task<Guid> MakeAsync(Browser admin, string name)
    {
        var answer = await admin.PostAsync("/api/v1/teams", new { name });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    private static Task<HttpResponseMessage> ChangeAsync(Browser browser, Guid team) => browser.SendAsync(HttpMethod.Put, "/api/v1/teams/current", JsonContent.Create(new { team_id = team }));
}
