using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>What programs may do with a token, and when it ends.</summary>
public sealed class TokenTests(StudioHost host) : IClassFixture<StudioHost>
{
    private static readonly object Upload = new { file_name = "a.jsonl", length = 3 };

    [Fact]
    public async Task A_token_is_shown_once_and_kept_as_a_hash()
    {
        var admin = await host.AdminAsync();
        var (id, secret) = await admin.TokenAsync("read", "nightly");
        Assert.Matches("^spin_[A-Za-z0-9_-]{43}$", secret);
        await using var db = host.Db();
        var kept = await db.ApiTokens.SingleAsync(token => token.Id == id);
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(kept), StringComparison.Ordinal);
        Assert.Equal(90, (kept.ExpiresAt - kept.CreatedAt).TotalDays, 3);

        var list = (await admin.GetJsonAsync("/api/v1/tokens")).EnumerateArray().Single(token => token.GetProperty("id").GetGuid() == id);
        Assert.DoesNotContain(secret, list.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(kept.TokenHash, list.ToString(), StringComparison.Ordinal);
        Assert.False(list.TryGetProperty("last_used_at", out _));
        Assert.Equal(HttpStatusCode.OK, (await host.Program(secret).AskAsync(HttpMethod.Get, "/api/v1/me")).StatusCode);
        Assert.True((await admin.GetJsonAsync("/api/v1/tokens")).EnumerateArray().Single(token => token.GetProperty("id").GetGuid() == id).TryGetProperty("last_used_at", out _));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Program(kept.TokenHash).AskAsync(HttpMethod.Get, "/api/v1/me")).StatusCode);
    }

    [Fact]
    public async Task The_scope_limits_what_its_owner_may_do()
    {
        var admin = await host.AdminAsync();
        using var reader = host.Program((await admin.TokenAsync("read")).Secret);
        Assert.Equal(HttpStatusCode.OK, (await reader.AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);
        var refused = await reader.AskAsync(HttpMethod.Post, "/api/v1/uploads", Upload);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("acts as Viewer", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var runner = host.Program((await admin.TokenAsync("run")).Secret);
        Assert.Equal(HttpStatusCode.OK, (await runner.AskAsync(HttpMethod.Post, "/api/v1/uploads", Upload)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.AskAsync(HttpMethod.Get, "/api/v1/tokens?everybody=true")).StatusCode);
    }

    [Fact]
    public async Task A_role_that_was_lowered_later_lowers_the_token()
    {
        var admin = await host.AdminAsync();
        var rolf = await host.MemberAsync("rolf", TeamRole.Runner);
        Assert.Equal(HttpStatusCode.Forbidden, (await rolf.PostAsync("/api/v1/tokens", new { name = "x", scope = "admin" })).StatusCode);
        var id = (await rolf.GetJsonAsync("/api/v1/me")).GetProperty("id").GetGuid();
        using var program = host.Program((await rolf.TokenAsync("run")).Secret);
        Assert.Equal(HttpStatusCode.OK, (await program.AskAsync(HttpMethod.Post, "/api/v1/uploads", Upload)).StatusCode);

        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/members/{id}", JsonContent.Create(new { role = "viewer" }))).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Post, "/api/v1/uploads", Upload)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await program.AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);

        (await admin.DeleteAsync($"/api/v1/members/{id}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);
    }

    [Fact]
    public async Task Wrong_expired_and_revoked_tokens_answer_alike()
    {
        var admin = await host.AdminAsync();
        var (revoked, revokedSecret) = await admin.TokenAsync("read");
        var (expired, expiredSecret) = await admin.TokenAsync("read");
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/tokens/{revoked}")).StatusCode);
        await using var db = host.Db();
        await db.ApiTokens.Where(token => token.Id == expired).ExecuteUpdateAsync(token => token.SetProperty(x => x.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));
        var answers = new HashSet<string>();
        foreach (var token in (string[])["spin_wrong", "", new string('x', 5000), revokedSecret, expiredSecret])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/runs");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            // The cookie of somebody who is logged in does not mend a wrong token.
            var answer = await admin.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            answers.Add((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!);
        }

        Assert.Single(answers);
    }

    [Fact]
    public async Task A_token_opens_the_api_and_the_hub_and_nothing_else()
    {
        var (_, secret) = await (await host.AdminAsync()).TokenAsync("admin");
        using var program = host.Program(secret);
        Assert.Equal(HttpStatusCode.Found, (await program.AskAsync(HttpMethod.Get, "/settings")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous().GetAsync($"/api/v1/runs?access_token={secret}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous().GetAsync($"/hubs/runs?access_token={secret}")).StatusCode);
        using var socket = await host.Anonymous().OpenSocketAsync($"/hubs/runs?access_token={secret}");
        Assert.Equal(WebSocketState.Open, socket.State);
        await Assert.ThrowsAnyAsync<Exception>(() => host.Anonymous().OpenSocketAsync("/hubs/runs?access_token=spin_wrong"));
    }

    [Fact]
    public async Task A_token_makes_no_tokens_and_revokes_only_itself()
    {
        var admin = await host.AdminAsync();
        var (own, secret) = await admin.TokenAsync("read");
        var (other, _) = await admin.TokenAsync("read");
        using var administering = host.Program((await admin.TokenAsync("admin")).Secret);
        using var program = host.Program(secret);
        foreach (var http in (HttpClient[])[program, administering])
        {
            var refused = await http.AskAsync(HttpMethod.Post, "/api/v1/tokens", new { name = "child", scope = "read" });
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains("log in", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Delete, $"/api/v1/tokens/{other}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await program.AskAsync(HttpMethod.Delete, $"/api/v1/tokens/{own}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.AskAsync(HttpMethod.Get, "/api/v1/me")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await administering.AskAsync(HttpMethod.Delete, $"/api/v1/tokens/{other}")).StatusCode);
    }

    [Fact]
    public async Task Tokens_of_others_are_the_admins_to_see_and_revoke_and_another_team_s_nobody_s()
    {
        var admin = await host.AdminAsync();
        var vera = await host.MemberAsync("vera", TeamRole.Viewer);
        var (id, _) = await vera.TokenAsync("read", "vera's");
        var (foreign, _) = await admin.TokenAsync("read");
        Assert.Equal(HttpStatusCode.Forbidden, (await vera.GetAsync("/api/v1/tokens?everybody=true")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await vera.DeleteAsync($"/api/v1/tokens/{foreign}")).StatusCode);
        Assert.DoesNotContain("vera's", (await admin.GetJsonAsync("/api/v1/tokens")).ToString(), StringComparison.Ordinal);
        Assert.Contains((await admin.GetJsonAsync("/api/v1/tokens?everybody=true")).EnumerateArray(), token => token.GetProperty("id").GetGuid() == id && token.GetProperty("owner").GetString() == "vera");

        var team = await host.OtherTeamAsync();
        await using var db = host.Db();
        await db.ApiTokens.Where(token => token.Id == foreign).ExecuteUpdateAsync(token => token.SetProperty(x => x.TeamId, team));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/tokens/{foreign}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/tokens/{id}")).StatusCode);
    }

    [Fact]
    public async Task A_token_of_another_team_reaches_only_that_team()
    {
        var admin = await host.AdminAsync();
        var own = await host.AddRunAsync("here");
        var (id, secret) = await admin.TokenAsync("admin");
        var team = await host.OtherTeamAsync();
        await using var db = host.Db();
        var me = await db.ApiTokens.Where(token => token.Id == id).Select(token => token.UserId).SingleAsync();
        await db.ApiTokens.Where(token => token.Id == id).ExecuteUpdateAsync(token => token.SetProperty(x => x.TeamId, team));
        using var program = host.Program(secret);
        // Not a member there: the token is right, but opens nothing.
        Assert.Equal(HttpStatusCode.Forbidden, (await program.AskAsync(HttpMethod.Get, "/api/v1/runs")).StatusCode);

        db.TeamMembers.Add(new TeamMember { TeamId = team, UserId = me, Role = TeamRole.Runner, JoinedAt = DateTimeOffset.UtcNow.AddDays(1) });
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await program.AskAsync(HttpMethod.Get, $"/api/v1/runs/{own.Id}")).StatusCode);
        Assert.Contains("others", await (await program.AskAsync(HttpMethod.Get, "/api/v1/me")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_audit_log_names_the_token_that_did_it()
    {
        var admin = await host.AdminAsync();
        var run = await host.AddRunAsync("audited");
        using var program = host.Program((await admin.TokenAsync("run", "nightly job")).Secret);
        (await program.AskAsync(HttpMethod.Put, $"/api/v1/runs/{run.Id}/notes", new { text = "by a program" })).EnsureSuccessStatusCode();
        await using var db = host.Db();
        var entry = await db.AuditEntries.SingleAsync(entry => entry.Subject == run.Id.ToString() && entry.Action == "run.notes");
        Assert.StartsWith("nightly job (spin_", entry.Token, StringComparison.Ordinal);
        Assert.Null((await db.AuditEntries.FirstAsync(entry => entry.Action == "token.create")).Token);
    }

    [Theory]
    [InlineData("", "read", 1, "1 to 100 characters")]
    [InlineData("two\nlines", "read", 1, "control characters")]
    [InlineData("x", "read", 0, "1 to 365 days")]
    [InlineData("x", "read", 366, "1 to 365 days")]
    public async Task A_bad_token_is_refused_with_the_limit(string name, string scope, int days, string reason)
    {
        var refused = await (await host.AdminAsync()).PostAsync("/api/v1/tokens", new { name, scope, days });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(reason, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}

/// <summary>Alone, because it uses up what its address may do.</summary>
public sealed class TokenThrottleTests(StudioHost host) : IClassFixture<StudioHost>
{
    [Fact]
    public async Task After_many_wrong_tokens_none_is_looked_at_but_logging_in_still_works()
    {
        var admin = await host.AdminAsync();
        var (_, secret) = await admin.TokenAsync("read");
        using var guesser = host.Program("spin_guess");
        HttpStatusCode last = 0;
        for (var i = 0; i < 40 && last != HttpStatusCode.TooManyRequests; i++)
        {
            last = (await guesser.AskAsync(HttpMethod.Get, "/api/v1/me")).StatusCode;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        using var right = host.Program(secret);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await right.AskAsync(HttpMethod.Get, "/api/v1/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/v1/me")).StatusCode);
    }
}
