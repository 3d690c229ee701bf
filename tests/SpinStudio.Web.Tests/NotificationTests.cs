using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Who is told of what, and what of it is read.</summary>
public sealed class NotificationTests(StudioHost host) : IClassFixture<StudioHost>
{
    [Fact]
    public async Task The_end_of_a_run_is_told_once_to_whoever_started_it_and_to_those_who_want_the_team_s()
    {
        var admin = await host.AdminAsync();
        var (quiet, curious) = (await host.MemberAsync("quiet", TeamRole.Viewer), await host.MemberAsync("curious", TeamRole.Viewer));
        (await ChooseAsync(curious, "run.completed", "team")).EnsureSuccessStatusCode();
        var run = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(run, "completed");
        foreach (var told in (Browser[])[admin, curious])
        {
            var item = await OneAsync(told, run);
            Assert.Equal("run.completed", item.GetProperty("kind").GetString());
            Assert.Equal("quick is finished.", item.GetProperty("text").GetString());
            Assert.False(item.GetProperty("read").GetBoolean());
        }

        Assert.Equal(0, (await quiet.GetJsonAsync("/api/v1/notifications")).GetProperty("total").GetInt32());
        await host.RestartAsync();
        Assert.Single(await AboutAsync(await host.AdminAsync(), run));
    }

    [Fact]
    public async Task A_failure_tells_its_message_and_reading_it_counts_down()
    {
        var admin = await host.AdminAsync();
        var run = await admin.StartAsync(host, "fails");
        await admin.WaitForStatusAsync(run, "failed");
        var item = await OneAsync(admin, run);
        Assert.Equal("run.failed", item.GetProperty("kind").GetString());
        Assert.StartsWith("fails failed: The loss is not finite", item.GetProperty("text").GetString(), StringComparison.Ordinal);
        var before = await UnreadAsync(admin);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.PostAsync($"/api/v1/notifications/read?id={item.GetProperty("id").GetGuid()}")).StatusCode);
        Assert.Equal(before - 1, await UnreadAsync(admin));
        Assert.Equal(HttpStatusCode.NoContent, (await admin.PostAsync("/api/v1/notifications/read")).StatusCode);
        Assert.Equal(0, await UnreadAsync(admin));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/notifications/read?id={Guid.NewGuid()}")).StatusCode);
    }

    [Fact]
    public async Task Advice_to_stop_is_told_beside_the_end()
    {
        var admin = await host.AdminAsync();
        var run = await admin.StartAsync(host, "advised");
        await admin.WaitForStatusAsync(run, "completed");
        var told = await AboutAsync(admin, run, count: 2);
        Assert.Equal(["run.advice", "run.completed"], told.Select(item => item.GetProperty("kind").GetString()).Order());
        Assert.Contains(told, item => item.GetProperty("text").GetString() == "advised, iteration 0: Nothing to gain.");
    }

    [Fact]
    public async Task A_mention_is_told_and_read_with_its_discussion()
    {
        var admin = await host.AdminAsync();
        var named = await host.MemberAsync("named", TeamRole.Viewer);
        var run = (await host.AddRunAsync("talked about")).Id;
        (await admin.PostAsync($"/api/v1/runs/{run}/comments", new { body = "@named, look" })).EnsureSuccessStatusCode();
        var item = Assert.Single((await named.GetJsonAsync("/api/v1/notifications?unread=true")).GetProperty("items").EnumerateArray());
        Assert.Equal("ada named you in a comment on talked about.", item.GetProperty("text").GetString());
        Assert.StartsWith($"/runs/{run}/discussion#comment-", item.GetProperty("path").GetString(), StringComparison.Ordinal);
        (await named.PostAsync($"/api/v1/mentions/read?run={run}")).EnsureSuccessStatusCode();
        Assert.Equal(0, await UnreadAsync(named));
        (await ChooseAsync(named, "mention", "off")).EnsureSuccessStatusCode();
        (await admin.PostAsync($"/api/v1/runs/{run}/comments", new { body = "@named, again" })).EnsureSuccessStatusCode();
        Assert.Equal(0, await UnreadAsync(named));
        Assert.Equal(2, (await named.GetJsonAsync("/api/v1/mentions")).GetArrayLength());
    }

    [Fact]
    public async Task A_quota_that_is_nearly_full_is_told_to_the_admins_once_a_day()
    {
        var admin = await host.AdminAsync();
        var team = (await admin.GetJsonAsync("/api/v1/team")).GetProperty("id").GetGuid();
        var used = (await admin.GetJsonAsync("/api/v1/team/usage")).GetProperty("disk_bytes").GetInt64();
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/teams/{team}/quota", JsonContent.Create(new { disk_quota_bytes = used + 20_000_000 }))).EnsureSuccessStatusCode();
        foreach (var length in (int[])[9_000_000, 10_000_000, 500_000])
            (await admin.PostAsync("/api/v1/uploads", new { file_name = "a.jsonl", length })).EnsureSuccessStatusCode();
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/teams/{team}/quota", JsonContent.Create(new { }))).EnsureSuccessStatusCode();
        var told = (await admin.GetJsonAsync("/api/v1/notifications?take=200")).GetProperty("items").EnumerateArray().Where(item => item.GetProperty("kind").GetString() == "quota.nearly_full").ToList();
        Assert.Contains("1 MB of its disk quota", Assert.Single(told).GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_invited_is_told_when_somebody_joins()
    {
        var admin = await host.AdminAsync();
        var guest = await host.MemberAsync("guest", TeamRole.Viewer);
        await using (var db = host.Db())
        {
            var id = (await db.Users.SingleAsync(user => user.UserName == "guest")).Id;
            await db.TeamMembers.Where(member => member.UserId == id).ExecuteDeleteAsync();
            db.TeamMembers.Add(new TeamMember { TeamId = await host.OtherTeamAsync(), UserId = id, Role = TeamRole.Viewer, JoinedAt = DateTimeOffset.UtcNow });
            await db.SaveChangesAsync();
        }

        var made = await (await admin.PostAsync("/api/v1/invitations", new { role = "rater" })).Content.ReadFromJsonAsync<JsonElement>();
        (await guest.PostAsync("/api/v1/invitations/join", new { token = made.GetProperty("path").GetString()!["/join/".Length..] })).EnsureSuccessStatusCode();
        Assert.Contains("guest joined as Rater, invited by ada.", (await admin.GetJsonAsync("/api/v1/notifications")).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run.nonsense", "mine", "There is no kind of notification 'run.nonsense'; choose among run.completed,")]
    [InlineData("mention", "team", "mention can be off or mine (got team).")]
    public async Task What_cannot_be_chosen_is_refused_in_words(string kind, string interest, string words)
    {
        var answer = await ChooseAsync(await host.AdminAsync(), kind, interest);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(words, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> ChooseAsync(Browser browser, string kind, string interest) =>
        browser.SendAsync(HttpMethod.Put, "/api/v1/notifications/choices", JsonContent.Create(new Dictionary<string, string> { [kind] = interest }));

    private static async Task<int> UnreadAsync(Browser browser) => (await browser.GetJsonAsync("/api/v1/notifications/unread")).GetProperty("count").GetInt32();

    private static async Task<List<JsonElement>> AboutAsync(Browser browser, Guid run) =>
        [.. (await browser.GetJsonAsync("/api/v1/notifications?take=200")).GetProperty("items").EnumerateArray().Where(item => item.GetProperty("path").GetString() == $"/runs/{run}")];

    /// <summary>It is told just after the run has ended.</summary>
    private static async Task<List<JsonElement>> AboutAsync(Browser browser, Guid run, int count)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await AboutAsync(browser, run) is var found && found.Count == count)
                return found;
            await Task.Delay(50);
        }

        throw new InvalidOperationException($"Of run {run} there are not {count} notifications.");
    }

    private static async Task<JsonElement> OneAsync(Browser browser, Guid run) => (await AboutAsync(browser, run, count: 1))[0];
}
