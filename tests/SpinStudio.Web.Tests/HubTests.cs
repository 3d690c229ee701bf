using System.Text.Json;

namespace SpinStudio.Web.Tests;

public sealed class HubTests : IAsyncLifetime
{
    private readonly StudioHost host = new();

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Two_browsers_hear_the_same_run_one_of_them_late()
    {
        var admin = await host.AdminAsync();
        var id = await admin.StartAsync(host, "slow");
        var early = ListenAsync(admin, id);
        await admin.WaitForAsync(id, summary => summary.GetProperty("last_seq").GetInt64() > 10);
        var late = ListenAsync(await host.MemberAsync("vera", Data.TeamRole.Viewer), id);

        var (first, second) = (await early, await late);
        Assert.Equal(Enumerable.Range(1, first.Count).Select(seq => (long)seq), first);
        Assert.Equal(first, second);
        Assert.True(first.Count > 40);
    }

    [Fact]
    public async Task A_run_of_nobody_cannot_be_joined()
    {
        var admin = await host.AdminAsync();
        using var hub = await HubConnection.OpenAsync(admin);
        await hub.InvokeAsync("Join", Guid.NewGuid(), 0);
        var answer = await hub.ReceiveAsync();
        Assert.Equal("There is no such run.", Error(answer));
    }

    [Fact]
    public async Task All_runs_of_the_team_are_told_when_they_change()
    {
        var admin = await host.AdminAsync();
        using var hub = await HubConnection.OpenAsync(admin);
        await hub.InvokeAsync("JoinAll");
        Assert.Equal(3, (await hub.ReceiveAsync()).GetProperty("type").GetInt32());
        var id = await admin.StartAsync(host, "quick");
        while (true)
        {
            var message = await hub.ReceiveAsync();
            Assert.Equal("RunChanged", message.GetProperty("target").GetString());
            Assert.Equal(id, message.GetProperty("arguments")[0].GetGuid());
            if (message.GetProperty("arguments")[1].GetProperty("status").GetString() == "completed")
            {
                return;
            }
        }
    }

    /// <summary>Sequence numbers of all events up to the last one.</summary>
    private static async Task<List<long>> ListenAsync(Browser browser, Guid run)
    {
        using var hub = await HubConnection.OpenAsync(browser);
        await hub.InvokeAsync("Join", run, 0);
        var seen = new List<long>();
        while (true)
        {
            var message = await hub.ReceiveAsync();
            if (message.GetProperty("type").GetInt32() != 1)
            {
                continue;
            }

            foreach (var journalEvent in message.GetProperty("arguments")[2].EnumerateArray())
            {
                seen.Add(journalEvent.GetProperty("seq").GetInt64());
                if (journalEvent.GetProperty("kind").GetString() == "finished")
                {
                    return seen;
                }
            }
        }
    }

    private static string Error(JsonElement completion)
    {
        var text = completion.GetProperty("error").GetString()!;
        return text[(text.IndexOf("HubException: ", StringComparison.Ordinal) + "HubException: ".Length)..];
    }
}
