using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Web.Components;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Jobs;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Teams;

/// <summary>
/// What a team may use of the machine. Disk: what would go beyond is refused before it begins (uploads, downloads, imports, promotions, new runs); what is there stays, and a run that
/// works is never broken off. Runs: those beyond wait in the queue. Set by the Admins of the studio's first team, for all teams, their own included.
/// </summary>
public sealed class Quotas(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, TeamDisk disk, TeamPlaces places, AuditLog audit, TeamEvents events, IOptions<StudioOptions> options, TimeProvider time)
{
    /// <summary>Below that, not even a sample could be imported.</summary>
    private const long LeastDisk = 1_000_000;

    /// <summary>Share of a disk quota that, when no more is left, is told.</summary>
    private const double NearlyFull = 0.1;

    internal static readonly RunStatus[] Working = [RunStatus.Running, RunStatus.Stopping, RunStatus.Interrupted];

    /// <summary>Of the current team.</summary>
    public async Task<TeamUsage> UsageAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await UsageAsync(db, await db.Teams.AsNoTracking().FirstAsync(team => team.Id == me.TeamId, cancellation), cancellation);
    }

    /// <summary>Of all teams of the studio, oldest first.</summary>
    public async Task<IReadOnlyList<TeamUsage>> AllAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await FirstTeam.IsAdminAsync(db, me, cancellation))
        {
            throw new StudioException(Refusal.Forbidden, "Only an Admin of the studio's first team sees the use of all teams; ask one, or change to that team.");
        }

        var all = new List<TeamUsage>();
        foreach (var team in await db.Teams.AsNoTracking().OrderBy(team => team.CreatedAt).ToListAsync(cancellation))
        {
            all.Add(await UsageAsync(db, team, cancellation));
        }

        return all;
    }

    public async Task SetAsync(Guid teamId, Quota wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // Whoever does not run the studio cannot tell which teams there are.
        var team = await FirstTeam.IsAdminAsync(db, me, cancellation) ? await db.Teams.FirstOrDefaultAsync(team => team.Id == teamId, cancellation) : null;
        if (team is null)
        {
            throw StudioException.NotFound("team whose quota you may set; Admins of the studio's first team set them");
        }

        if (wanted.DiskQuotaBytes is < LeastDisk)
        {
            throw new StudioException(Refusal.Invalid, $"disk_quota_bytes is at least {LeastDisk:N0} (got {wanted.DiskQuotaBytes:N0}); leave it out for no limit.");
        }

        if (wanted.RunQuota is < 1)
        {
            throw new StudioException(Refusal.Invalid, $"run_quota is at least 1 (got {wanted.RunQuota}); leave it out for no limit, or pause the team's queue.");
        }

        (team.DiskQuotaBytes, team.RunQuota) = (wanted.DiskQuotaBytes, wanted.RunQuota);
        var detail = $"{team.Name}: {(wanted.DiskQuotaBytes is { } bytes ? Format.Bytes(bytes) : "any")} of disk, {(wanted.RunQuota is { } runs ? Format.Plural(runs, "run") : "any runs")} at a time";
        audit.Add(db, me, "team.quota", team.Id, detail);
        if (team.Id != me.TeamId)
        {
            audit.Add(db, me with { TeamId = team.Id }, "team.quota", team.Id, detail);
        }

        await db.SaveChangesAsync(cancellation);
        // What waited only for the old quota tries again.
        await places.WakeAsync(team.Id, cancellation);
    }

    /// <summary>Bytes that the team may still take; null: it has no quota. Negative when it has more than it may.</summary>
    internal async Task<long?> LeftAsync(Guid teamId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Teams.Where(team => team.Id == teamId).Select(team => team.DiskQuotaBytes).FirstOrDefaultAsync(cancellation) is { } quota
            ? quota - await disk.BytesAsync(teamId, cancellation) : null;
    }

    /// <summary>Refuses what would take a team beyond its disk quota.</summary>
    /// <param name="more">Bytes that would be added to what the team has.</param>
    /// <param name="what">For the refusal, such as "The upload".</param>
    internal async Task RequireDiskAsync(Guid teamId, long more, string what, CancellationToken cancellation)
    {
        if (await LeftAsync(teamId, cancellation) is not { } left)
        {
            return;
        }

        if (more > left)
        {
            throw new StudioException(Refusal.TooLarge, Beyond(what, more, left));
        }

        await TellNearlyFullAsync(teamId, left - more, cancellation);
    }

    /// <summary>Tells the Admins, once a day, when little will be left.</summary>
    private async Task TellNearlyFullAsync(Guid teamId, long left, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var quota = await db.Teams.Where(team => team.Id == teamId).Select(team => team.DiskQuotaBytes).FirstAsync(cancellation);
        if (left > quota * NearlyFull)
        {
            return;
        }

        var now = time.GetUtcNow();
        var admins = await db.TeamMembers.Where(member => member.TeamId == teamId && member.Role == TeamRole.Admin).Select(member => member.UserId).ToListAsync(cancellation);
        await events.TellAsync(new TeamEvent
        {
            TeamId = teamId, Kind = EventKinds.QuotaNearlyFull, Key = string.Create(CultureInfo.InvariantCulture, $"{EventKinds.QuotaNearlyFull}:{teamId}:{now:yyyy-MM-dd}"), SubjectId = teamId,
            Text = $"The team has {Format.Bytes(left)} of its disk quota of {Format.Bytes(quota ?? 0)} left.", Path = "/team", At = now,
        }, admins, cancellation);
    }

    /// <summary>The value, the limit and the fix.</summary>
    internal static string Beyond(string what, long more, long left) =>
        $"{what} needs {Format.Bytes(Math.Max(more, 0))}; the team's disk quota has {Format.Bytes(Math.Max(left, 0))} left. Delete uploads, datasets, models or purge old runs, or ask an Admin of the studio's first team for more.";

    private async Task<TeamUsage> UsageAsync(StudioDb db, Team team, CancellationToken cancellation) => new(
        team.Id, team.Name, await db.TeamMembers.CountAsync(member => member.TeamId == team.Id, cancellation), await disk.BytesAsync(team.Id, cancellation), team.DiskQuotaBytes,
        await db.Runs.CountAsync(run => run.TeamId == team.Id && Working.Contains(run.Status), cancellation), team.RunQuota, Math.Max(1, options.Value.Slots));
}
