using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Testing;
using SpinStudio.Web.Features.Servers;

namespace SpinStudio.Web.Tests;

/// <summary>The way from an engine to a model server.</summary>
public sealed class RelayTests(ServerTests.Allowing fixture) : IClassFixture<ServerTests.Allowing>
{
    private const string Key = "sk-relayed";

    private StudioHost Host => fixture.Host;

    [Fact]
    public async Task An_engines_requests_reach_the_runs_server_with_its_key_and_nothing_else()
    {
        var reply = 200;
        using var model = new ScriptedJudge(_ => (reply, "an answer"));
        var run = await RunAsync("relayed", model.Address, Key);
        var relays = Host.Services.GetRequiredService<ServerRelays>();
        await using (await relays.OpenAsync(run))
        {
            using var engine = Engine(relays, run);
            using var answer = await AskAsync(engine, "http://localhost/v1/chat/completions");
            Assert.Equal("an answer", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
            Assert.Equal("Bearer " + Key, model.Keys.Last());

            // Wherever the engine thinks that it asks, it is the run's server that answers.
            using (await AskAsync(engine, "http://169.254.169.254/elsewhere/v1/completions"))
            {
                Assert.Equal(2, model.Keys.Count);
            }

            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(engine, "http://localhost/v1/files")).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await engine.GetAsync(new Uri("http://localhost/v1/completions"))).StatusCode);
            reply = 429;
            using var busy = await AskAsync(engine, "http://localhost/v1/completions");
            Assert.Equal((HttpStatusCode.TooManyRequests, "0"), (busy.StatusCode, busy.Headers.RetryAfter?.ToString()));
            Assert.Equal(3, model.Keys.Count);
        }

        using var late = Engine(relays, run);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(late, "http://localhost/v1/completions"));
    }

    [Fact]
    public async Task What_a_crashed_studio_left_is_replaced_and_a_removed_server_is_said_to_be()
    {
        using var model = new ScriptedJudge(_ => (200, "an answer"));
        var run = await RunAsync("left", model.Address, null);
        var relays = Host.Services.GetRequiredService<ServerRelays>();
        var left = Directory.CreateTempSubdirectory("spinstudio-").FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "socket"), "");
        File.CreateSymbolicLink(Path.Combine(Host.Data, "relays", run.Id.ToString("N")), Path.Combine(left, "socket"));
        await using var relay = await relays.OpenAsync(run);
        Assert.False(Directory.Exists(left));
        using var engine = Engine(relays, run);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(engine, "http://localhost/v1/completions")).StatusCode);

        await using (var db = Host.Db())
        {
            db.TeamServers.RemoveRange(db.TeamServers.Where(server => server.Name == "left"));
            await db.SaveChangesAsync();
        }

        using var gone = await AskAsync(engine, "http://localhost/v1/completions");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Contains("none of the team's any more", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_names_a_server_of_its_own_team_or_none()
    {
        using var model = new ScriptedJudge(_ => (200, "an answer"));
        var admin = await Host.AdminAsync();
        await ServerTests.AddAsync(admin, "planned", model.Address, null);
        var (start, dataset) = await Host.InputsAsync();

        Assert.DoesNotContain("generation.endpoint", await PlanAsync(new { endpoint = model.Address + "/" }), StringComparison.Ordinal);
        Assert.Contains("none of the team", await PlanAsync(new { endpoint = "http://127.0.0.1:9/v1" }), StringComparison.Ordinal);
        Assert.Contains("generation.endpoint_key_env", await PlanAsync(new { endpoint = model.Address, endpoint_key_env = "SPINSTUDIO_KEY_X" }), StringComparison.Ordinal);

        async Task<string> PlanAsync(object generation)
        {
            var answer = await admin.PostAsync("/api/v1/runs/plan", new { config = new { name = "r", model = "", dataset = "", iterations = 1, generation }, model_id = start, dataset_id = dataset, client_request_id = "r" });
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            return string.Join('\n', (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("severity").GetString() == "error"));
        }
    }

    private async Task<Run> RunAsync(string name, string address, string? key)
    {
        await ServerTests.AddAsync(await Host.AdminAsync(), name, address, key);
        return await Host.AddRunAsync(name, run => run.Config = JsonSerializer.Serialize(new { name, model = "m", dataset = "d", generation = new { endpoint = address } }));
    }

    /// <summary>What an engine has: a socket by its name, relative to the run's folder.</summary>
    private HttpClient Engine(ServerRelays relays, Run run)
    {
        var folder = Path.Combine(Host.Data, run.Folder);
        var socket = Path.GetFullPath(relays.SocketOf(run.Id, folder), folder);
        return new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient engine, string address) =>
        engine.PostAsync(new Uri(address), JsonContent.Create(new { model = "m", messages = new[] { new { role = "user", content = "question" } } }));
}
