using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Links that show a run without an account: from their making to their end.</summary>
public sealed class SharingTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;
    private Guid run;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
        run = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(run, "completed");
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_link_opens_without_an_account_and_counts_its_uses()
    {
        var (path, id) = await LinkAsync(new { });
        var stranger = host.Anonymous();
        var page = await stranger.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync();
        Assert.Contains("quick", html, StringComparison.Ordinal);
        Assert.Contains("Held-out figures", html, StringComparison.Ordinal);
        Assert.Contains("<svg class=\"curves\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<form", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<button", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<a ", html, StringComparison.OrdinalIgnoreCase);
        Assert.False(page.Headers.Contains("Set-Cookie"));
        Assert.Equal("noindex, nofollow, noarchive", page.Headers.GetValues("X-Robots-Tag").Single());
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(page.Headers.CacheControl!.NoStore);

        await stranger.GetAsync(path);
        var link = Assert.Single((await admin.GetJsonAsync($"/api/v1/runs/{run}/links")).EnumerateArray());
        Assert.Equal(id, link.GetProperty("id").GetGuid());
        Assert.Equal(2, link.GetProperty("uses").GetInt32());
        Assert.True(link.TryGetProperty("last_used_at", out _));
    }

    [Fact]
    public async Task Neither_names_nor_answers_nor_notes_are_told_unless_ticked()
    {
        await admin.SendAsync(HttpMethod.Put, $"/api/v1/runs/{run}/notes", JsonContent.Create(new { text = "secretnote" }));
        var plain = await HtmlAsync((await LinkAsync(new { })).Path);
        foreach (var secret in new[] { "ada", "Yes!", "Say yes", "secretnote", "SHA-256", "spinstudio train", host.Data, "run.json", "../" })
        {
            Assert.DoesNotContain(secret, plain, StringComparison.Ordinal);
        }

        var open = await HtmlAsync((await LinkAsync(new { with_answers = true, with_names = true })).Path);
        Assert.Contains("Say yes.", open, StringComparison.Ordinal);
        Assert.Contains("ada", open, StringComparison.Ordinal);
        Assert.DoesNotContain("secretnote", open, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_hash_of_a_token_is_kept()
    {
        var (path, _) = await LinkAsync(new { });
        var token = path["/s/".Length..];
        Assert.Equal(43, token.Length); // 256 bits in base64url
        await using var db = host.Db();
        var link = await db.ShareLinks.SingleAsync();
        Assert.Equal(64, link.TokenHash.Length);
        Assert.DoesNotContain(token, System.Text.Json.JsonSerializer.Serialize(link), StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await admin.GetJsonAsync("/api/v1/links")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Anonymous().GetAsync($"/s/{link.TokenHash}")).StatusCode);
    }

    [Fact]
    public async Task Wrong_expired_revoked_stopped_and_trashed_answer_alike()
    {
        var (revoked, revokedId) = await LinkAsync(new { });
        var (expired, expiredId) = await LinkAsync(new { });
        var (open, _) = await LinkAsync(new { });
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/links/{revokedId}")).StatusCode);
        await using var db = host.Db();
        await db.ShareLinks.Where(link => link.Id == expiredId).ExecuteUpdateAsync(link => link.SetProperty(x => x.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));
        var wrong = await NotFoundAsync($"/s/{new string('A', 43)}");
        Assert.Equal(wrong, await NotFoundAsync(revoked));
        Assert.Equal(wrong, await NotFoundAsync(expired));
        Assert.Equal(wrong, await NotFoundAsync("/s/x"));
        Assert.Equal(wrong, await NotFoundAsync($"/s/{new string('A', 5000)}"));
        Assert.Equal(wrong, await NotFoundAsync("/s/%27%20or%201%3D1--"));

        await SwitchAsync("team", true);
        Assert.Equal(wrong, await NotFoundAsync(open));
        await SwitchAsync("team", false);
        Assert.Contains("quick", await HtmlAsync(open), StringComparison.Ordinal);
        await SwitchAsync("studio", true);
        Assert.Equal(wrong, await NotFoundAsync(open));
        await SwitchAsync("studio", false);
        await admin.DeleteAsync($"/api/v1/runs/{run}");
        Assert.Equal(wrong, await NotFoundAsync(open));
    }

    [Theory]
    [InlineData("/s/{0}/metrics")]
    [InlineData("/s/{0}/samples")]
    [InlineData("/s")]
    [InlineData("/s/")]
    public async Task There_is_nothing_else_under_a_link(string pattern)
    {
        var (path, _) = await LinkAsync(new { });
        var answer = await host.Anonymous().GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, path["/s/".Length..]));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Contains("/account/login", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_opens_nothing_but_its_page()
    {
        var (path, _) = await LinkAsync(new { });
        var stranger = host.Anonymous();
        await stranger.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/api/v1/runs/{run}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/api/v1/runs/{run}/metrics")).StatusCode);
        using var post = new HttpRequestMessage(HttpMethod.Post, path);
        Assert.NotEqual(HttpStatusCode.OK, (await stranger.Http.SendAsync(post)).StatusCode);
    }

    [Fact]
    public async Task A_link_lives_seven_days_unless_said_otherwise_and_never_more_than_ninety()
    {
        var answer = await admin.PostAsync($"/api/v1/runs/{run}/links", new { });
        var link = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("link");
        Assert.Equal(7, (link.GetProperty("expires_at").GetDateTimeOffset() - link.GetProperty("created_at").GetDateTimeOffset()).TotalDays, 3);
        foreach (var days in new[] { 0, -1, 91 })
        {
            var refused = await admin.PostAsync($"/api/v1/runs/{run}/links", new { days });
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("1 to 90 days", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Guessing_is_slowed_down()
    {
        var stranger = host.Anonymous();
        HttpStatusCode last = 0;
        for (var i = 0; i < 70 && last != HttpStatusCode.TooManyRequests; i++)
        {
            last = (await stranger.GetAsync($"/s/{i}")).StatusCode;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
    }

    [Fact]
    public async Task Sharing_is_for_runners_and_the_switch_for_administrators()
    {
        var rater = await host.MemberAsync("rita", TeamRole.Rater);
        var runner = await host.MemberAsync("rolf", TeamRole.Runner);
        var (_, id) = await LinkAsync(new { });
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync($"/api/v1/runs/{run}/links", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.GetAsync($"/api/v1/runs/{run}/links")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.GetAsync("/api/v1/links")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.DeleteAsync($"/api/v1/links/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await runner.PostAsync($"/api/v1/runs/{run}/links", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.SendAsync(HttpMethod.Put, "/api/v1/sharing", JsonContent.Create(new { scope = "team", stopped = true }))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.SendAsync(HttpMethod.Put, "/api/v1/sharing", JsonContent.Create(new { scope = "world", stopped = true }))).StatusCode);
        await using var db = host.Db();
        Assert.False(await db.SharingStops.AnyAsync());
    }

    [Fact]
    public async Task Another_team_s_run_and_link_cannot_be_shared_seen_or_revoked()
    {
        var team = await host.OtherTeamAsync();
        var foreign = await host.AddRunAsync("secret", team: team);
        await using var db = host.Db();
        var link = new ShareLink { TeamId = team, RunId = foreign.Id, TokenHash = new string('a', 64), CreatedById = Guid.NewGuid(), CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1) };
        db.ShareLinks.Add(link);
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/runs/{foreign.Id}/links", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{foreign.Id}/links")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/links/{link.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{foreign.Id}/report.html")).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/links")).GetArrayLength());
    }

    private async Task<(string Path, Guid Id)> LinkAsync(object wanted)
    {
        var answer = await admin.PostAsync($"/api/v1/runs/{run}/links", wanted);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var created = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (created.GetProperty("path").GetString()!, created.GetProperty("link").GetProperty("id").GetGuid());
    }

    private async Task<string> HtmlAsync(string path)
    {
        var answer = await host.Anonymous().GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<string> NotFoundAsync(string path)
    {
        var answer = await host.Anonymous().GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        return string.Join('\n', answer.Headers.Concat(answer.Content.Headers).Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order()) + await answer.Content.ReadAsStringAsync();
    }

    private async Task SwitchAsync(string scope, bool stopped) =>
        Assert.Equal(HttpStatusCode.NoContent, (await admin.SendAsync(HttpMethod.Put, "/api/v1/sharing", JsonContent.Create(new { scope, stopped }))).StatusCode);
}
