using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SpinStudio.Data.Tests;

/// <summary>A database file that goes away with the test.</summary>
internal sealed class TestDatabase : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("spinstudio-data-").FullName;

    public string ConnectionString => StudioDbSetup.ConnectionString(Path.Combine(folder, "studio.db"));

    public StudioDb Open() => new((DbContextOptions<StudioDb>)new DbContextOptionsBuilder<StudioDb>().UseStudioSqlite(ConnectionString).Options);

    public static TestDatabase Migrated()
    {
        var database = new TestDatabase();
        using var db = database.Open();
        db.Database.Migrate();
        return database;
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}
