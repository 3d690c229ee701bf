using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Links by which people join a team, or choose a new password: from their making to their end.</summary>
public sealed class InvitationTests(StudioHost host) : IClassFixture<StudioHost>
{
    private const string NewPassword = "seven quiet brown hills";

    [Fact]
    public async Task Somebody_new_joins_with_the_role_of_the_invitation()
    {
        var admin = await host.AdminAsync();
        var (path, id) = await InviteAsync(admin, new { role = "rater" });
        var page = await (await host.Anonymous().GetAsync(path)).Content.ReadAsStringAsync();
        Assert.Contains("Join Team", page, StringComparison.Ordinal);
        Assert.Contains("Rater", page, StringComparison.Ordinal);

        var rita = await JoinAsync(path, "rita");
        var me = await rita.GetJsonAsync("/api/v1/me");
        Assert.Equal(("rita", "rater"), (me.GetProperty("name").GetString(), me.GetProperty("role").GetString()));
        var used = (await admin.GetJsonAsync("/api/v1/invitations")).EnumerateArray().Single(row => row.GetProperty("id").GetGuid() == id);
        Assert.Equal("rita", Assert.Single(used.GetProperty("used_by").EnumerateArray()).GetProperty("name").GetString());
        await using var db = host.Db();
        Assert.Equal("rita as Rater, invited by ada", (await db.AuditEntries.SingleAsync(entry => entry.Action == "member.join" && entry.UserName == "rita")).Detail);
        Assert.DoesNotContain(path.Split('/')[^1], JsonSerializer.Serialize(await db.Invitations.SingleAsync(row => row.Id == id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_expired_revoked_and_used_up_answer_alike_and_make_no_account()
    {
        var admin = await host.AdminAsync();
        var (revoked, revokedId) = await InviteAsync(admin, new { role = "admin" });
        var (expired, expiredId) = await InviteAsync(admin, new { role = "admin" });
        var (used, _) = await InviteAsync(admin, new { role = "viewer", single_use = true });
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/invitations/{revokedId}")).StatusCode);
        await using var db = host.Db();
        await db.Invitations.Where(row => row.Id == expiredId).ExecuteUpdateAsync(row => row.SetProperty(x => x.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));
        await JoinAsync(used, "ulla");

        var answers = new HashSet<string>();
        foreach (var path in (string[])[$"/join/{new string('A', 43)}", "/join/x", $"/join/{new string('A', 3000)}", revoked, expired, used])
        {
            var stranger = host.Anonymous();
            var answer = await stranger.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            // The framework ends each document with a sealed state, which differs from request to request.
            answers.Add(Regex.Replace(await answer.Content.ReadAsStringAsync(), "<!--Blazor-Server-Component-State:[^>]*-->", ""));
            var posted = await stranger.PostFormAsync(path, ("name", "eve"), ("password", NewPassword), ("confirm", NewPassword));
            Assert.EndsWith("?error=gone", posted.Headers.Location?.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains("There is nothing here", Assert.Single(answers), StringComparison.Ordinal);
        Assert.False(await db.Users.AnyAsync(user => user.UserName == "eve"));
    }

    [Fact]
    public async Task A_link_for_one_person_lets_one_of_two_in_who_come_at_once()
    {
        var (path, _) = await InviteAsync(await host.AdminAsync(), new { role = "viewer", single_use = true });
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(i =>
            host.Anonymous().PostFormAsync(path, ("name", $"racer{i}"), ("password", NewPassword), ("confirm", NewPassword))));
        Assert.Single(answers, answer => answer.Headers.Location?.ToString() == "/");
        await using var db = host.Db();
        Assert.Equal(1, await db.Users.CountAsync(user => user.UserName!.StartsWith("racer")));
    }

    [Theory]
    [InlineData("", NewPassword, NewPassword, "name")]
    [InlineData("ada", NewPassword, NewPassword, "name")]
    [InlineData("nora", "short", "short", "password")]
    [InlineData("nora", NewPassword, "another one", "mismatch")]
    public async Task A_bad_name_or_password_is_refused_and_the_link_stays_open(string name, string password, string confirm, string error)
    {
        var (path, _) = await InviteAsync(await host.AdminAsync(), new { role = "viewer", single_use = true });
        var refused = await host.Anonymous().PostFormAsync(path, ("name", name), ("password", password), ("confirm", confirm));
        Assert.Equal($"{path}?error={error}", refused.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous().GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Only_admins_invite_and_only_within_limits()
    {
        var admin = await host.AdminAsync();
        var runner = await host.MemberAsync("rolf", TeamRole.Runner);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.PostAsync("/api/v1/invitations", new { role = "viewer" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.GetAsync("/api/v1/invitations")).StatusCode);
        foreach (var days in new[] { 0, 31 })
        {
            var refused = await admin.PostAsync("/api/v1/invitations", new { role = "viewer", days });
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("1 to 30 days", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_was_removed_does_not_come_back_by_the_same_link()
    {
        var admin = await host.AdminAsync();
        var (path, _) = await InviteAsync(admin, new { role = "viewer" });
        var paul = await JoinAsync(path, "paul");
        var id = (await paul.GetJsonAsync("/api/v1/me")).GetProperty("id").GetGuid();
        (await admin.DeleteAsync($"/api/v1/members/{id}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Anonymous().GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task A_member_with_a_reset_link_chooses_a_new_password_once_and_other_sessions_end()
    {
        var admin = await host.AdminAsync();
        var fred = await host.MemberAsync("fred", TeamRole.Viewer);
        var id = (await fred.GetJsonAsync("/api/v1/me")).GetProperty("id").GetGuid();
        Assert.Equal(HttpStatusCode.Forbidden, (await fred.PostAsync($"/api/v1/members/{id}/reset")).StatusCode);
        var first = await ResetAsync(admin, id);
        var path = await ResetAsync(admin, id);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Anonymous().GetAsync(first)).StatusCode);

        var visitor = host.Anonymous();
        Assert.Contains("fred", await (await visitor.GetAsync(path)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal($"{path}?error=password", (await visitor.PostFormAsync(path, ("password", "short"), ("confirm", "short"))).Headers.Location?.ToString());
        Assert.Equal("/", (await visitor.PostFormAsync(path, ("password", NewPassword), ("confirm", NewPassword))).Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Anonymous().GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await fred.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Contains("error=failed", (await host.Anonymous().PostFormAsync("/account/login", ("name", "fred"), ("password", StudioHost.Password))).Headers.Location?.ToString(), StringComparison.Ordinal);

        using var program = host.Program((await admin.TokenAsync("admin")).Secret);
        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Post, $"/api/v1/members/{id}/reset")).StatusCode);
    }

    [Fact]
    public async Task An_admin_makes_no_reset_link_for_somebody_who_is_also_in_a_team_of_others()
    {
        var admin = await host.AdminAsync();
        var guest = await host.MemberAsync("greta", TeamRole.Viewer);
        var id = (await guest.GetJsonAsync("/api/v1/me")).GetProperty("id").GetGuid();
        var team = await host.OtherTeamAsync();
        await using var db = host.Db();
        db.TeamMembers.Add(new TeamMember { TeamId = team, UserId = id, Role = TeamRole.Admin, JoinedAt = DateTimeOffset.UtcNow.AddDays(1) });
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.PostAsync($"/api/v1/members/{id}/reset")).StatusCode);
        Assert.False(await db.PasswordResets.AnyAsync(reset => reset.UserId == id));
    }

    [Fact]
    public async Task Changing_one_s_password_asks_for_the_old_one_and_ends_the_other_sessions()
    {
        var here = await host.MemberAsync("hugo", TeamRole.Viewer);
        var there = host.Anonymous();
        await there.PostFormAsync("/account/login", ("name", "hugo"), ("password", StudioHost.Password));
        var (_, token) = await here.TokenAsync("read");

        Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(here, "a wrong password", NewPassword)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(here, StudioHost.Password, "short")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Program(token).AskAsync(HttpMethod.Put, "/api/v1/me/password", new { current = StudioHost.Password, password = NewPassword })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await there.GetAsync("/api/v1/runs")).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(here, StudioHost.Password, NewPassword)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await here.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await there.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Program(token).AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);
    }

    private static async Task<(string Path, Guid Id)> InviteAsync(Browser admin, object wanted)
    {
        var answer = await admin.PostAsync("/api/v1/invitations", wanted);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (made.GetProperty("path").GetString()!, made.GetProperty("invitation").GetProperty("id").GetGuid());
    }

    private async Task<Browser> JoinAsync(string path, string name)
    {
        var browser = host.Anonymous();
        Assert.Equal("/", (await browser.PostFormAsync(path, ("name", name), ("password", NewPassword), ("confirm", NewPassword))).Headers.Location?.ToString());
        return browser;
    }

    private static async Task<string> ResetAsync(Browser admin, Guid member)
    {
        var answer = await admin.PostAsync($"/api/v1/members/{member}/reset");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
    }

    private static Task<HttpResponseMessage> ChangeAsync(Browser browser, string current, string password) =>
        browser.SendAsync(HttpMethod.Put, "/api/v1/me/password", JsonContent.Create(new { current, password }));
}
