using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>What a studio makes of runs that it finds at start-up.</summary>
public sealed class ReconciliationTests : IAsyncLifetime
{
    private readonly StudioHost host = new();

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task An_engine_that_lives_is_followed_to_its_end()
    {
        var (id, folder) = await AddRunAsync("gated", RunStatus.Running);
        await host.StopAsync();
        using var engine = StartEngine(folder);
        await WaitForLeaseAsync(folder);
        await host.InitializeAsync();
        var admin = await host.AdminAsync();
        await admin.WaitForAsync(id, summary => summary.GetProperty("status").GetString() == "running" && summary.GetProperty("last_seq").GetInt64() > 6);
        await using (var db = host.Db())
        {
            Assert.Equal(engine.Id, (await db.Runs.FirstAsync(run => run.Id == id)).EnginePid);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "open"), "");
        await admin.WaitForStatusAsync(id, "completed");
        var steps = await admin.StepsAsync(id);
        Assert.True(steps.Count > 3);
        Assert.Equal(Enumerable.Range(0, steps.Count), steps);
        // One engine from beginning to end: nothing was started beside it.
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(folder, "journal.jsonl")), line => line.Contains("\"started\",", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_whose_engine_is_dead_is_resumed()
    {
        var (id, folder) = await AddRunAsync("quick", RunStatus.Running);
        await host.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "lease.json"), Lease(pid: int.MaxValue - 1, DateTimeOffset.UtcNow));
        await host.InitializeAsync();
        await (await host.AdminAsync()).WaitForStatusAsync(id, "completed");
    }

    [Fact]
    public async Task A_later_process_with_the_same_id_is_not_taken_for_the_engine()
    {
        var (id, folder) = await AddRunAsync("quick", RunStatus.Running);
        await host.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "lease.json"), Lease(Environment.ProcessId, DateTimeOffset.UtcNow.AddDays(-1)));
        await host.InitializeAsync();
        await (await host.AdminAsync()).WaitForStatusAsync(id, "completed");
        Assert.False(Process.GetCurrentProcess().HasExited);
    }

    [Fact]
    public async Task A_run_that_finished_while_nobody_listened_is_completed_at_once()
    {
        var (id, folder) = await AddRunAsync("quick", RunStatus.Running);
        await host.StopAsync();
        using (var engine = StartEngine(folder))
        {
            await engine.WaitForExitAsync();
        }

        await host.InitializeAsync();
        await using var db = host.Db();
        Assert.Equal(RunStatus.Completed, (await db.Runs.FirstAsync(run => run.Id == id)).Status);
        Assert.Equal([0, 1, 2, 3, 4], await (await host.AdminAsync()).StepsAsync(id));
    }

    [Fact]
    public async Task A_stop_that_was_asked_for_before_the_crash_stays_a_stop()
    {
        var (id, _) = await AddRunAsync("quick", RunStatus.Stopping);
        await host.RestartAsync();
        await (await host.AdminAsync()).WaitForStatusAsync(id, "stopped");
    }

    [Fact]
    public async Task The_queue_survives_in_its_order()
    {
        var (first, folder) = await AddRunAsync("gated", RunStatus.Queued);
        var (second, _) = await AddRunAsync("quick", RunStatus.Queued);
        await host.RestartAsync();
        var admin = await host.AdminAsync();
        await admin.WaitForStatusAsync(first, "running");
        Assert.Equal("queued", (await admin.RunAsync(second)).GetProperty("summary").GetProperty("status").GetString());
        await File.WriteAllTextAsync(Path.Combine(folder, "open"), "");
        await admin.WaitForStatusAsync(second, "completed");
        Assert.Equal("completed", (await admin.RunAsync(first)).GetProperty("summary").GetProperty("status").GetString());
    }

    private async Task<(Guid Id, string Folder)> AddRunAsync(string scenario, RunStatus status)
    {
        var (model, dataset) = await host.InputsAsync();
        await using var db = host.Db();
        var run = new Run
        {
            TeamId = (await db.Teams.FirstAsync()).Id, Name = scenario, Kind = "spin", Status = status, ModelId = model, Iterations = 1, Folder = $"runs/{Guid.NewGuid():N}",
            DatasetVersionId = (await db.DatasetVersions.FirstAsync(version => version.DatasetId == dataset)).Id, ClientRequestId = Guid.NewGuid().ToString(),
            Config = $$"""{ "name": "{{scenario}}", "model": "m", "dataset": "d" }""", CreatedAt = DateTimeOffset.UtcNow, QueuedAt = DateTimeOffset.UtcNow,
        };
        var folder = Path.Combine(host.Data, run.Folder);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "run.json"), run.Config);
        db.Runs.Add(run);
        await db.SaveChangesAsync();
        return (run.Id, folder);
    }

    /// <summary>An engine that some earlier studio started.</summary>
    private static Process StartEngine(string folder) =>
        Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "fake-engine.sh"), ["train", Path.Combine(folder, "run.json"), "--out", folder]))!;

    private static async Task WaitForLeaseAsync(string folder)
    {
        for (var i = 0; i < 200 && !File.Exists(Path.Combine(folder, "lease.json")); i++)
        {
            await Task.Delay(25);
        }
    }

    private static string Lease(int pid, DateTimeOffset startedAt) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"host":"{{Environment.MachineName}}","pid":{{pid}},"started_at":"{{startedAt:O}}","heartbeat_at":"{{startedAt:O}}"}""");
}
