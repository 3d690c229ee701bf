using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SpinStudio.Data.Tests;

public sealed class StorageTests : IDisposable
{
    private readonly TestDatabase database = TestDatabase.Migrated();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("foreign_keys", "1")]
    [InlineData("busy_timeout", "30000")]
    [InlineData("synchronous", "1")]
    public void Every_connection_is_set_up(string pragma, string value)
    {
        using var db = database.Open();
        db.Database.OpenConnection();
        using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = $"PRAGMA {pragma}";
#pragma warning restore CA2100
        Assert.Equal(value, Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_row_of_an_unknown_team_is_refused()
    {
        await using var db = database.Open();
        db.Runs.Add(NewRun(Guid.NewGuid()));
        var refused = await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        Assert.Contains("FOREIGN KEY", refused.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_point_of_a_curve_exists_once()
    {
        var run = await SavedRunAsync();
        await AddPointAsync(run.Id, "loss", step: 3);
        await AddPointAsync(run.Id, "loss", step: 4);
        await Assert.ThrowsAsync<DbUpdateException>(() => AddPointAsync(run.Id, "loss", step: 3));
        await using var db = database.Open();
        Assert.Equal(2, await db.MetricPoints.CountAsync());
    }

    [Fact]
    public async Task A_client_request_makes_one_run()
    {
        var run = await SavedRunAsync();
        await using var db = database.Open();
        var again = NewRun(run.TeamId);
        again.ClientRequestId = run.ClientRequestId;
        db.Runs.Add(again);
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
    }

    [Fact]
    public async Task Times_sort_by_instant_whatever_their_offset()
    {
        var first = await SavedRunAsync(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.FromHours(3)));
        var second = await SavedRunAsync(new DateTimeOffset(2026, 1, 1, 10, 0, 0, TimeSpan.Zero));
        await using var db = database.Open();
        var ids = await db.Runs.OrderBy(run => run.CreatedAt).Select(run => run.Id).ToListAsync();
        Assert.Equal([first.Id, second.Id], ids);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 9, 0, 0, TimeSpan.Zero), (await db.Runs.FirstAsync(run => run.Id == first.Id)).CreatedAt);
    }

    [Fact]
    public async Task Deleting_a_run_deletes_what_its_journal_said()
    {
        var run = await SavedRunAsync();
        await AddPointAsync(run.Id, "loss", step: 0);
        await using var db = database.Open();
        await db.Runs.Where(row => row.Id == run.Id).ExecuteDeleteAsync();
        Assert.Equal(0, await db.MetricPoints.CountAsync());
    }

    [Fact]
    public async Task A_dataset_version_in_use_cannot_be_deleted()
    {
        var run = await SavedRunAsync();
        await using var db = database.Open();
        var dataset = new Dataset { TeamId = run.TeamId, Name = "stories" };
        dataset.Versions.Add(new DatasetVersion { Number = 1, Sha256 = new string('0', 64), File = "x", Source = "test" });
        db.Add(dataset);
        await db.SaveChangesAsync();
        await db.Runs.ExecuteUpdateAsync(update => update.SetProperty(row => row.DatasetVersionId, dataset.Versions[0].Id));
        await Assert.ThrowsAsync<SqliteException>(() => db.Datasets.ExecuteDeleteAsync());
    }

    private async Task<Run> SavedRunAsync(DateTimeOffset createdAt = default)
    {
        await using var db = database.Open();
        var team = new Team { Name = "team" };
        var run = NewRun(team.Id);
        run.CreatedAt = createdAt;
        db.AddRange(team, run);
        await db.SaveChangesAsync();
        return run;
    }

    private async Task AddPointAsync(Guid run, string name, int step)
    {
        await using var db = database.Open();
        db.MetricPoints.Add(new MetricPoint { RunId = run, Iteration = 0, Name = name, Step = step, GlobalStep = step, Value = 0.5, Seq = step });
        await db.SaveChangesAsync();
    }

    private static Run NewRun(Guid team) =>
        new() { TeamId = team, Name = "run", Kind = "spin", Config = "{}", Folder = "runs/x", ClientRequestId = Guid.NewGuid().ToString() };
}
