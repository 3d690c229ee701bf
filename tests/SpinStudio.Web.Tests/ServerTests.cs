using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Testing;

namespace SpinStudio.Web.Tests;

public sealed class ServerTests(ServerTests.Allowing fixture) : IClassFixture<ServerTests.Allowing>
{
    private const string Key = "sk-not-to-be-seen-4711";

    private StudioHost Host => fixture.Host;

    [Fact]
    public async Task A_key_goes_to_its_own_address_and_is_seen_nowhere_else()
    {
        using var judge = new ScriptedJudge(_ => (200, "ready"));
        using var other = new ScriptedJudge(_ => (200, "ready"));
        var admin = await Host.AdminAsync();
        var id = (await AddAsync(admin, "keyed", judge.Address, Key)).GetProperty("id").GetGuid();

        var tested = await TestAsync(admin, id);
        Assert.True(tested.GetProperty("works").GetBoolean(), tested.ToString());
        Assert.Equal("ready", tested.GetProperty("answer").GetString());
        Assert.Equal("Bearer " + Key, Assert.Single(judge.Keys));

        Assert.DoesNotContain(Key, (await admin.GetJsonAsync("/api/v1/servers")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, await (await admin.GetAsync("/settings")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.EnumerateFiles(Host.Data, "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            Assert.True(bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(Key)) < 0, $"{file} holds the key");
        }

        // Renamed, it keeps its key; at another address it has none.
        Assert.True((await ChangeAsync(admin, id, "renamed", judge.Address)).GetProperty("has_key").GetBoolean());
        Assert.False((await ChangeAsync(admin, id, "renamed", other.Address)).GetProperty("has_key").GetBoolean());
        await TestAsync(admin, id);
        Assert.Null(Assert.Single(other.Keys));
    }

    [Fact]
    public async Task A_key_does_not_follow_an_address_that_was_changed_behind_the_studios_back()
    {
        using var judge = new ScriptedJudge(_ => (200, "ready"));
        using var thief = new ScriptedJudge(_ => (200, "ready"));
        var admin = await Host.AdminAsync();
        var id = (await AddAsync(admin, "moved", judge.Address, Key)).GetProperty("id").GetGuid();
        await using (var db = Host.Db())
        {
            await db.TeamServers.Where(server => server.Id == id).ExecuteUpdateAsync(row => row.SetProperty(server => server.Address, thief.Address));
        }

        Assert.False((await TestAsync(admin, id)).GetProperty("works").GetBoolean());
        Assert.Empty(thief.Keys);
    }

    [Theory]
    [InlineData("http://localhost/v1")]
    [InlineData("http://[::1]/v1")]
    [InlineData("http://[::ffff:127.0.0.1]/v1")]
    [InlineData("http://169.254.169.254/latest")]
    [InlineData("http://2852039166/")]
    [InlineData("http://10.0.0.1/v1")]
    [InlineData("https://public.example.com@10.0.0.1/v1")]
    [InlineData("http://[64:ff9b::7f00:1]/v1")]
    [InlineData("ftp://example.com/v1")]
    [InlineData("https://example.com/v1?key=1")]
    [InlineData("")]
    public async Task An_address_that_leads_inside_is_refused(string address)
    {
        var admin = await Host.AdminAsync();
        var answer = await admin.PostAsync("/api/v1/servers", new { name = "inside", address, model = "m" });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain((await admin.GetJsonAsync("/api/v1/servers")).EnumerateArray(), server => server.GetProperty("name").GetString() == "inside");
    }

    [Fact]
    public async Task What_a_server_answers_is_said_plainly_and_redirects_lead_nowhere()
    {
        using var trap = new ScriptedJudge(_ => (200, "ready"));
        var reply = (Status: 302, Text: trap.Address);
        using var judge = new ScriptedJudge(_ => reply);
        var admin = await Host.AdminAsync();
        var id = (await AddAsync(admin, "odd", judge.Address, Key)).GetProperty("id").GetGuid();

        Assert.Contains("Redirects are not followed", await SaidAsync(), StringComparison.Ordinal);
        Assert.Empty(trap.Keys);
        reply = (401, "bad key");
        Assert.Contains("401: bad key", await SaidAsync(), StringComparison.Ordinal);
        reply = (503, "");
        Assert.Contains("503", await SaidAsync(), StringComparison.Ordinal);
        reply = (400, new string('x', 3 << 20));
        Assert.Contains("more than 1 MB", await SaidAsync(), StringComparison.Ordinal);
        reply = (0, "");
        Assert.False((await TestAsync(admin, id)).GetProperty("works").GetBoolean());

        async Task<string> SaidAsync() => (await TestAsync(admin, id)).GetProperty("message").GetString()!;
    }

    [Fact]
    public async Task Only_admins_add_and_other_teams_see_nothing()
    {
        using var judge = new ScriptedJudge(_ => (200, "ready"));
        var admin = await Host.AdminAsync();
        var runner = await Host.MemberAsync("runner", TeamRole.Runner);
        var id = (await AddAsync(admin, "ours", judge.Address, null)).GetProperty("id").GetGuid();
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.PostAsync("/api/v1/servers", new { name = "mine", address = judge.Address, model = "m" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.DeleteAsync($"/api/v1/servers/{id}")).StatusCode);
        Assert.True((await TestAsync(runner, id)).GetProperty("works").GetBoolean());
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync("/api/v1/servers", new { name = "ours", address = judge.Address, model = "m" })).StatusCode);

        var others = await Host.OtherTeamAsync();
        Guid theirs;
        await using (var db = Host.Db())
        {
            var server = new TeamServer { TeamId = others, Name = "theirs", Address = judge.Address, Model = "m", CreatedBy = "somebody", CreatedAt = DateTimeOffset.UtcNow };
            db.TeamServers.Add(server);
            await db.SaveChangesAsync();
            theirs = server.Id;
        }

        Assert.DoesNotContain("theirs", (await admin.GetJsonAsync("/api/v1/servers")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/servers/{theirs}/test")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/servers/{theirs}")).StatusCode);
        (await admin.DeleteAsync($"/api/v1/servers/{id}")).EnsureSuccessStatusCode();
    }

    internal static async Task<JsonElement> AddAsync(Browser admin, string name, string address, string? key)
    {
        var answer = await admin.PostAsync("/api/v1/servers", new { name, address, model = "judge-1", key });
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<JsonElement> ChangeAsync(Browser admin, Guid id, string name, string address)
    {
        var answer = await admin.SendAsync(HttpMethod.Put, $"/api/v1/servers/{id}", JsonContent.Create(new { name, address, model = "judge-1" }));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<JsonElement> TestAsync(Browser browser, Guid id)
    {
        var answer = await browser.PostAsync($"/api/v1/servers/{id}/test");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>A studio whose administrator allows the loopback address.</summary>
    public sealed class Allowing : IAsyncLifetime
    {
        public StudioHost Host { get; } = new StudioHost().With("Studio:AllowedHosts", "127.0.0.1");

        public async Task InitializeAsync()
        {
            await Host.InitializeAsync();
            await Host.AdminAsync();
        }

        public Task DisposeAsync() => Host.DisposeAsync();
    }
}
