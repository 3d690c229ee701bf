using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>Settings that a team keeps under a name.</summary>
public sealed record TeamPresetInfo(Guid Id, string Name, RunConfig Config, string? ChangedBy, DateTimeOffset ChangedAt);

/// <param name="Replace">Overwrite a preset of the same name; without it that is refused.</param>
public sealed record SavePreset(string Name, RunConfig Config, bool Replace = false);

/// <summary>The own presets of the current user's team.</summary>
public sealed class TeamPresets(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, TimeProvider time)
{
    private const int LongestName = 100;
    private const int MostPresets = 100;

    public async Task<IReadOnlyList<TeamPresetInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.TeamPresets.AsNoTracking().Where(preset => preset.TeamId == me.TeamId).OrderBy(preset => preset.Name)
            .Select(preset => new { Preset = preset, By = db.Users.Where(user => user.Id == preset.ChangedById).Select(user => user.UserName).FirstOrDefault() }).ToListAsync(cancellation);
        return [.. rows.Select(row => Info(row.Preset, row.By))];
    }

    public async Task<TeamPresetInfo> SaveAsync(SavePreset save, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(save);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var name = OneLine.Checked(save.Name, "A preset's name", LongestName);
        var given = save.Config ?? throw new StudioException(Refusal.Invalid, "A preset needs the settings to keep, as config.");
        var config = given with { Name = "Untitled run", Model = "-", Dataset = "-", HeldOut = null };
        if (RunConfigFile.Validate(config).Select(problem => problem.Message).ToList() is { Count: > 0 } problems)
        {
            throw new StudioException(Refusal.Invalid, string.Join("; ", problems));
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var preset = await db.TeamPresets.FirstOrDefaultAsync(row => row.TeamId == me.TeamId && row.Name == name, cancellation);
        if (preset is not null && !save.Replace)
        {
            throw new StudioException(Refusal.Conflict, $"There is a preset “{name}” already; overwrite it, or choose another name.");
        }

        if (preset is null && await db.TeamPresets.CountAsync(row => row.TeamId == me.TeamId, cancellation) >= MostPresets)
        {
            throw new StudioException(Refusal.Conflict, $"The team has {MostPresets} presets, which is the limit; delete one first.");
        }

        preset ??= db.TeamPresets.Add(new TeamPreset { TeamId = me.TeamId, Name = name, Config = "" }).Entity;
        (preset.Config, preset.ChangedById, preset.ChangedAt) = (JsonSerializer.Serialize(config, RunJson.Line), me.Id, time.GetUtcNow());
        audit.Add(db, me, "preset.save", preset.Id, name);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            throw new StudioException(Refusal.Conflict, $"Somebody saved a preset “{name}” at the same moment; look at it before you overwrite it.");
        }

        return Info(preset, me.Name);
    }

    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var preset = await db.TeamPresets.FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("preset");
        db.TeamPresets.Remove(preset);
        audit.Add(db, me, "preset.delete", id, preset.Name);
        await db.SaveChangesAsync(cancellation);
    }

    private static TeamPresetInfo Info(TeamPreset preset, string? by) =>
        new(preset.Id, preset.Name, JsonSerializer.Deserialize<RunConfig>(preset.Config, RunJson.Line)!, by, preset.ChangedAt);
}
