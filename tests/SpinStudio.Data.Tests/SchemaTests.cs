using Microsoft.EntityFrameworkCore;

namespace SpinStudio.Data.Tests;

public sealed class SchemaTests
{
    [Fact]
    public void Migrated_schema_equals_the_model()
    {
        using var migrated = TestDatabase.Migrated();
        using var modelled = new TestDatabase();
        using (var db = modelled.Open())
        {
            db.Database.EnsureCreated();
        }

        var expected = Describe(modelled);
        Assert.Contains(expected, line => line.StartsWith("MetricPoints.", StringComparison.Ordinal));
        Assert.Contains(expected, line => line.StartsWith("Users.", StringComparison.Ordinal));
        Assert.Equal(expected, Describe(migrated));
    }

    [Fact]
    public void Migrating_twice_changes_nothing()
    {
        using var database = TestDatabase.Migrated();
        var before = Describe(database);
        using (var db = database.Open())
        {
            db.Database.Migrate();
        }

        Assert.Equal(before, Describe(database));
    }

    [Fact]
    public void Going_down_leaves_no_table()
    {
        using var database = TestDatabase.Migrated();
        using (var db = database.Open())
        {
            db.Database.Migrate("0");
        }

        Assert.Empty(Describe(database));
    }

    /// <summary>Every column, key, index and foreign key, one a line, in a fixed order.</summary>
    private static List<string> Describe(TestDatabase database)
    {
        using var db = database.Open();
        var tables = Query(db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_EF%' ESCAPE '\\' ORDER BY name").Select(row => row[0]).ToList();
        var lines = new List<string>();
        foreach (var table in tables)
        {
            lines.AddRange(Query(db, $"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}') ORDER BY name").Select(row => $"{table}.{string.Join('|', row)}"));
            lines.AddRange(Query(db, $"SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list('{table}') ORDER BY \"from\"").Select(row => $"{table} fk {string.Join('|', row)}"));
            lines.AddRange(Query(db, $"SELECT l.name, l.\"unique\", i.seqno, i.name FROM pragma_index_list('{table}') l, pragma_index_info(l.name) i ORDER BY l.name, i.seqno").Select(row => $"{table} index {string.Join('|', row)}"));
            lines.AddRange(Query(db, $"SELECT instr(sql, 'AUTOINCREMENT') > 0 FROM sqlite_master WHERE type = 'table' AND name = '{table}'").Select(row => $"{table} autoincrement {row[0]}"));
        }

        return lines;
    }

    private static List<string[]> Query(StudioDb db, string sql)
    {
        db.Database.OpenConnection();
        using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<string[]>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : reader.GetValue(i).ToString() ?? "")]);
        }

        return rows;
    }
}
