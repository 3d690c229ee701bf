using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Web.Features.Runs.Queue;

namespace SpinStudio.Web.Tests;

public sealed class QueueTests : IAsyncLifetime
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
    public async Task Moved_runs_start_in_their_new_order_also_after_a_restart()
    {
        var (blocker, waiting) = await FillAsync(4);
        await MoveAsync(waiting[3], 1);
        await MoveAsync(waiting[0], 99);
        Guid[] wanted = [waiting[3], waiting[1], waiting[2], waiting[0]];
        Assert.Equal(wanted, await OrderAsync());
        var places = await Task.WhenAll(wanted.Select(async id => (await admin.RunAsync(id)).GetProperty("summary").GetProperty("queue_position").GetInt32()));
        Assert.Equal([1, 2, 3, 4], places);

        await host.RestartAsync();
        admin = await host.AdminAsync();
        Assert.Equal(wanted, await OrderAsync());
        await EndAsync(blocker);
        foreach (var id in wanted)
        {
            await admin.WaitForStatusAsync(id, "completed");
        }

        var starts = await Task.WhenAll(wanted.Select(async id => (await admin.RunAsync(id)).GetProperty("summary").GetProperty("started_at").GetDateTimeOffset()));
        Assert.Equal(starts.Order(), starts);
    }

    [Fact]
    public async Task A_held_run_is_passed_by_until_it_is_released()
    {
        var (blocker, waiting) = await FillAsync(2);
        var queue = await PostAsync($"/api/v1/queue/{waiting[0]}/hold");
        var held = queue.GetProperty("waiting")[0].GetProperty("run");
        Assert.Equal("ada", held.GetProperty("held_by").GetString());
        Assert.Equal("Held", held.GetProperty("status_text").GetString());
        Assert.False(held.TryGetProperty("queue_position", out _));
        Assert.Equal(1, (await admin.RunAsync(waiting[1])).GetProperty("summary").GetProperty("queue_position").GetInt32());

        await host.RestartAsync();
        admin = await host.AdminAsync();
        await EndAsync(blocker);
        await admin.WaitForStatusAsync(waiting[1], "completed");
        await Task.Delay(300);
        Assert.Equal("queued", (await admin.RunAsync(waiting[0])).GetProperty("summary").GetProperty("status").GetString());
        await PostAsync($"/api/v1/queue/{waiting[0]}/release");
        await admin.WaitForStatusAsync(waiting[0], "completed");
    }

    [Fact]
    public async Task A_paused_queue_starts_nothing_says_who_paused_it_and_stays_paused_over_a_restart()
    {
        var running = await admin.StartAsync(host, "gated");
        await admin.WaitForStatusAsync(running, "running");
        var paused = await PostAsync("/api/v1/queue/pause");
        Assert.Equal("ada", paused.GetProperty("paused_by").GetString());
        var waiting = await admin.StartAsync(host, "quick");

        await host.RestartAsync();
        admin = await host.AdminAsync();
        // What ran goes on; what waits, waits.
        await File.WriteAllTextAsync(Path.Combine(host.Data, "runs", running.ToString("N"), "open"), "");
        await admin.WaitForStatusAsync(running, "completed");
        await Task.Delay(300);
        Assert.Equal("queued", (await admin.RunAsync(waiting)).GetProperty("summary").GetProperty("status").GetString());
        Assert.True((await admin.GetJsonAsync("/api/v1/queue")).TryGetProperty("paused_at", out _));

        await PostAsync("/api/v1/queue/open");
        await admin.WaitForStatusAsync(waiting, "completed");
    }

    [Fact]
    public async Task A_failed_run_does_not_hold_up_the_next_one()
    {
        var failing = await admin.StartAsync(host, "fails");
        var next = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(next, "completed");
        await admin.WaitForStatusAsync(failing, "failed");
    }

    [Fact]
    public async Task What_is_not_waiting_cannot_be_moved_or_held()
    {
        var (running, _) = await FillAsync(1);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/queue/{running}/hold")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/queue/{running}/move", new { place = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/queue/{Guid.NewGuid()}/release")).StatusCode);
    }

    [Fact]
    public async Task Who_may_only_look_sees_the_queue_and_changes_nothing()
    {
        var (_, waiting) = await FillAsync(2);
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(2, (await viewer.GetJsonAsync("/api/v1/queue")).GetProperty("waiting").GetArrayLength());
        foreach (var action in (string[])["pause", "open", $"{waiting[1]}/hold", $"{waiting[1]}/release"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/queue/{action}")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/queue/{waiting[1]}/move", new { place = 1 })).StatusCode);
        Assert.Equal(waiting, await OrderAsync());
    }

    [Fact]
    public void The_forecast_hands_each_free_slot_to_the_next_in_line_and_says_nothing_it_cannot_know()
    {
        var now = DateTimeOffset.UnixEpoch;
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToArray();
        var (team, other) = (Guid.NewGuid(), Guid.NewGuid());
        var none = new Dictionary<Guid, int>();
        var starts = QueueForecast.Starts(now, 2, [new(ids[0], team, 100), new(ids[1], team, 40)], [new(ids[2], team, 50), new(ids[3], team, null), new(ids[4], team, 10)], none);
        Assert.Equal(40, (starts[ids[2]] - now).TotalSeconds);
        Assert.Equal(90, (starts[ids[3]] - now).TotalSeconds);
        Assert.Equal(100, (starts[ids[4]] - now).TotalSeconds);

        var unknown = QueueForecast.Starts(now, 1, [new(ids[0], team, null)], [new(ids[1], team, 5)], none);
        Assert.Empty(unknown);
        Assert.Equal(now, QueueForecast.Starts(now, 1, [], [new(ids[1], team, null)], none)[ids[1]]);

        // A team with one run at a time waits for its own, while the second slot goes to the other team and then stays empty.
        var quota = QueueForecast.Starts(now, 2, [new(ids[0], team, 100)], [new(ids[1], team, 30), new(ids[2], other, 20), new(ids[3], team, 5)], new Dictionary<Guid, int> { [team] = 1 });
        Assert.Equal(100, (quota[ids[1]] - now).TotalSeconds);
        Assert.Equal(0, (quota[ids[2]] - now).TotalSeconds);
        Assert.Equal(130, (quota[ids[3]] - now).TotalSeconds);
        Assert.Empty(QueueForecast.Starts(now, 2, [new(ids[0], team, null)], [new(ids[1], team, 30)], new Dictionary<Guid, int> { [team] = 1 }));
    }

    /// <summary>A run that holds the only slot, and some that wait behind it.</summary>
    private async Task<(Guid Blocker, Guid[] Waiting)> FillAsync(int count)
    {
        var blocker = await admin.StartAsync(host, "endless");
        await admin.WaitForStatusAsync(blocker, "running");
        var waiting = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            waiting[i] = await admin.StartAsync(host, "quick");
        }

        return (blocker, waiting);
    }

    private Task<JsonElement> MoveAsync(Guid id, int place) => PostAsync($"/api/v1/queue/{id}/move", new { place });

    private async Task<JsonElement> PostAsync(string path, object? body = null)
    {
        var answer = await admin.PostAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<Guid[]> OrderAsync() =>
        [.. (await admin.GetJsonAsync("/api/v1/queue")).GetProperty("waiting").EnumerateArray().Select(waiting => waiting.GetProperty("run").GetProperty("id").GetGuid())];

    private async Task EndAsync(Guid run) => (await admin.PostAsync($"/api/v1/runs/{run}/stop")).EnsureSuccessStatusCode();
}
