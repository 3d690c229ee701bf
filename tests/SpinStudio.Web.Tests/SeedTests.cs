using Microsoft.EntityFrameworkCore;

namespace SpinStudio.Web.Tests;

public sealed class SeedTests : IAsyncLifetime
{
    private readonly StudioHost host = new StudioHost().With("Studio:Seed", "true");

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_new_studio_has_a_dataset_a_model_and_a_run_under_way_and_only_once()
    {
        var admin = await host.AdminAsync();
        var dataset = Assert.Single((await admin.GetJsonAsync("/api/v1/datasets")).EnumerateArray());
        Assert.True(dataset.GetProperty("bundled").GetBoolean());
        Assert.True(dataset.GetProperty("held_out_rows").GetInt32() > 0);
        var model = Assert.Single((await admin.GetJsonAsync("/api/v1/models")).EnumerateArray(), model => model.GetProperty("bundled").GetBoolean());
        Assert.True(model.GetProperty("parameters").GetInt64() > 0);
        var run = Assert.Single((await admin.GetJsonAsync("/api/v1/runs")).GetProperty("items").EnumerateArray());
        await admin.WaitForStatusAsync(run.GetProperty("id").GetGuid(), "completed");

        await admin.PurgeAsync(run.GetProperty("id").GetGuid());
        (await admin.DeleteAsync($"/api/v1/datasets/{dataset.GetProperty("id").GetString()}")).EnsureSuccessStatusCode();
        await host.RestartAsync();
        await using var db = host.Db();
        Assert.False(await db.Runs.AnyAsync());
        Assert.False(await db.Datasets.AnyAsync());
    }
}
