using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Runs that have ended, straight in the database.</summary>
internal static class PastRuns
{
    private const string Config = """{ "name": "past", "model": "m", "dataset": "d" }""";

    /// <param name="team">Null: the first team.</param>
    public static async Task<Run> AddRunAsync(this StudioHost host, string name, Action<Run>? change = null, Guid? team = null)
    {
        await using var db = host.Db();
        var run = New(name, team ?? (await db.Teams.OrderBy(row => row.CreatedAt).FirstAsync()).Id);
        change?.Invoke(run);
        db.Runs.Add(run);
        await db.SaveChangesAsync();
        return run;
    }

    public static async Task<Guid> OtherTeamAsync(this StudioHost host)
    {
        await using var db = host.Db();
        var team = new Team { Name = "others", CreatedAt = DateTimeOffset.UtcNow.AddDays(1) };
        db.Teams.Add(team);
        await db.SaveChangesAsync();
        return team.Id;
    }

    public static Run New(string name, Guid team)
    {
        var id = Guid.CreateVersion7();
        return new Run
        {
            Id = id, TeamId = team, Name = name, Kind = "spin", Status = RunStatus.Completed, Config = Config, Iterations = 2, Overall = 1, Folder = $"runs/{id:N}",
            ClientRequestId = Guid.NewGuid().ToString(), CreatedAt = DateTimeOffset.UtcNow, QueuedAt = DateTimeOffset.UtcNow, Steps = 0,
        };
    }
}
