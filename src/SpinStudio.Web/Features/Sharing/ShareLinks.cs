using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Reports;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Sharing;

/// <summary>Links that show one run to whoever holds them, without an account, read-only, until they expire, are revoked or are stopped all together.</summary>
public sealed class ShareLinks(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, RunReports reports, AuditLog audit, TimeProvider time)
{
    public const int UsualDays = 7;
    public const int MostDays = 90;
    public const int MostOpen = 20;

    public async Task<CreatedShareLink> CreateAsync(Guid runId, NewShareLink wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        if (wanted.Days is < 1 or > MostDays)
        {
            throw new StudioException(Refusal.Invalid, $"A link lives 1 to {MostDays} days (got {wanted.Days}); {UsualDays} is usual.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var run = await db.Runs.Where(run => run.Id == runId && run.TeamId == me.TeamId).Select(run => new { run.Name, run.TrashedAt }).FirstOrDefaultAsync(cancellation) ?? throw StudioException.NotFound("run");
        if (run.TrashedAt is not null)
        {
            throw new StudioException(Refusal.Conflict, $"{run.Name} is in the trash; restore it before sharing it.");
        }

        var now = time.GetUtcNow();
        if (await db.ShareLinks.CountAsync(link => link.RunId == runId && link.RevokedAt == null && link.ExpiresAt > now, cancellation) >= MostOpen)
        {
            throw new StudioException(Refusal.Conflict, $"{run.Name} has {MostOpen} open links, which is the limit; revoke one first.");
        }

        var token = Secrets.New();
        var link = new ShareLink
        {
            TeamId = me.TeamId, RunId = runId, TokenHash = Secrets.Hash(token), CreatedById = me.Id, CreatedAt = now, ExpiresAt = now.AddDays(wanted.Days),
            WithAnswers = wanted.WithAnswers, WithNames = wanted.WithNames,
        };
        db.ShareLinks.Add(link);
        audit.Add(db, me, "run.share", runId, run.Name);
        await db.SaveChangesAsync(cancellation);
        return new CreatedShareLink((await ListAsync(runId, cancellation)).First(info => info.Id == link.Id), $"/s/{token}");
    }

    /// <summary>Newest first; of one run, or with null of the whole team.</summary>
    public async Task<IReadOnlyList<ShareLinkInfo>> ListAsync(Guid? runId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (runId is not null && !await db.Runs.AnyAsync(run => run.Id == runId && run.TeamId == me.TeamId, cancellation))
        {
            throw StudioException.NotFound("run");
        }

        var now = time.GetUtcNow();
        return await db.ShareLinks.Where(link => link.TeamId == me.TeamId && (runId == null || link.RunId == runId)).OrderByDescending(link => link.CreatedAt)
            .Select(link => new ShareLinkInfo(
                link.Id, link.RunId, db.Runs.Where(run => run.Id == link.RunId).Select(run => run.Name).FirstOrDefault(), db.Users.Where(user => user.Id == link.CreatedById).Select(user => user.UserName).FirstOrDefault(),
                link.CreatedAt, link.ExpiresAt, link.RevokedAt, link.LastUsedAt, link.Uses, link.WithAnswers, link.WithNames, link.RevokedAt == null && link.ExpiresAt > now))
            .ToListAsync(cancellation);
    }

    /// <summary>From now on the link leads nowhere.</summary>
    public async Task RevokeAsync(Guid linkId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var link = await db.ShareLinks.FirstOrDefaultAsync(link => link.Id == linkId && link.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("link");
        link.RevokedAt ??= time.GetUtcNow();
        audit.Add(db, me, "run.unshare", link.RunId, await db.Runs.Where(run => run.Id == link.RunId).Select(run => run.Name).FirstOrDefaultAsync(cancellation));
        await db.SaveChangesAsync(cancellation);
    }

    public async Task<SharingState> StateAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var team = me.TeamId.ToString();
        var stops = await db.SharingStops.Where(stop => stop.Scope == team || stop.Scope == SharingStop.Studio).ToListAsync(cancellation);
        var shown = stops.FirstOrDefault(stop => stop.Scope == SharingStop.Studio) ?? stops.FirstOrDefault();
        return new SharingState(
            stops.Any(stop => stop.Scope == team), stops.Any(stop => stop.Scope == SharingStop.Studio), shown?.StoppedBy, shown?.StoppedAt,
            me.May(TeamRole.Admin), await FirstTeam.IsAdminAsync(db, me, cancellation));
    }

    /// <summary>Stops or allows all links of the team or of the studio at once. What is stopped opens again when it is allowed again, unless it expired meanwhile.</summary>
    public async Task SwitchAsync(SharingSwitch wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var scope = wanted.Scope switch
        {
            "team" => me.TeamId.ToString(),
            "studio" => SharingStop.Studio,
            _ => throw new StudioException(Refusal.Invalid, $"scope must be team or studio (got '{wanted.Scope}')."),
        };
        if (scope == SharingStop.Studio && !await FirstTeam.IsAdminAsync(db, me, cancellation))
        {
            throw new StudioException(Refusal.Forbidden, "Only an Admin of the studio's first team may stop the links of all teams.");
        }

        var stop = await db.SharingStops.FirstOrDefaultAsync(stop => stop.Scope == scope, cancellation);
        if (wanted.Stopped == stop is not null)
        {
            return;
        }

        if (stop is null)
        {
            db.SharingStops.Add(new SharingStop { Scope = scope, StoppedBy = me.Name, StoppedAt = time.GetUtcNow() });
        }
        else
        {
            db.SharingStops.Remove(stop);
        }

        audit.Add(db, me, wanted.Stopped ? "sharing.stop" : "sharing.allow", me.TeamId, wanted.Scope);
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>What the holder of a token sees; null for a token that is wrong, expired, revoked or stopped: they are not told which.</summary>
    internal async Task<RunReport?> OpenAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var hash = Secrets.Hash(token);
        var now = time.GetUtcNow();
        var link = await db.ShareLinks.AsNoTracking().FirstOrDefaultAsync(link => link.TokenHash == hash && link.RevokedAt == null && link.ExpiresAt > now, cancellation);
        if (link is null)
        {
            return null;
        }

        var team = link.TeamId.ToString();
        var shown = !await db.SharingStops.AnyAsync(stop => stop.Scope == team || stop.Scope == SharingStop.Studio, cancellation)
            && await db.Runs.AnyAsync(run => run.Id == link.RunId && run.TeamId == link.TeamId && run.TrashedAt == null, cancellation);
        if (!shown)
        {
            return null;
        }

        await db.ShareLinks.Where(row => row.Id == link.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.Uses, x => x.Uses + 1).SetProperty(x => x.LastUsedAt, now), cancellation);
        return await reports.MakeAsync(link.TeamId, link.RunId, new ReportScope(link.WithNames, link.WithAnswers, Inside: false), cancellation);
    }
}
