using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Account;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Teams;

/// <summary>Links by which people join the team. Wrong, expired, revoked and used-up ones are all "no such invitation".</summary>
public sealed class Invitations(IDbContextFactory<StudioDb> databases, UserManager<AppUser> users, AccountService accounts, CurrentUser currentUser, AuditLog audit, TeamEvents events, TimeProvider time)
{
    public const int UsualDays = 7;
    public const int MostDays = 30;
    public const int MostOpen = 50;

    public async Task<CreatedInvitation> CreateAsync(NewInvitation wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        if (wanted.Days is < 1 or > MostDays)
        {
            throw new StudioException(Refusal.Invalid, $"An invitation lives 1 to {MostDays} days (got {wanted.Days}); {UsualDays} is usual.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await Open(db).CountAsync(invitation => invitation.TeamId == me.TeamId, cancellation) >= MostOpen)
        {
            throw new StudioException(Refusal.Conflict, $"{me.TeamName} has {MostOpen} open invitations, which is the limit; revoke one first.");
        }

        var (token, now) = (Secrets.New(), time.GetUtcNow());
        var made = new Invitation
        {
            TeamId = me.TeamId, Role = wanted.Role, TokenHash = Secrets.Hash(token), CreatedBy = me.Name, CreatedAt = now, ExpiresAt = now.AddDays(wanted.Days), SingleUse = wanted.SingleUse,
        };
        db.Invitations.Add(made);
        audit.Add(db, me, "invitation.create", made.Id, $"as {wanted.Role}, {wanted.Days} days{(wanted.SingleUse ? ", for one person" : "")}");
        await db.SaveChangesAsync(cancellation);
        return new CreatedInvitation(Info(made, []), $"/join/{token}");
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<InvitationInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Invitations.Where(invitation => invitation.TeamId == me.TeamId).OrderByDescending(invitation => invitation.CreatedAt).AsNoTracking().ToListAsync(cancellation);
        var uses = (await db.InvitationUses.Where(use => db.Invitations.Any(invitation => invitation.Id == use.InvitationId && invitation.TeamId == me.TeamId)).OrderBy(use => use.At).AsNoTracking().ToListAsync(cancellation))
            .ToLookup(use => use.InvitationId);
        return [.. rows.Select(row => Info(row, [.. uses[row.Id].Select(use => new InvitationGuest(use.UserName, use.At))]))];
    }

    /// <summary>From now on nobody joins by it; who has joined stays.</summary>
    public async Task RevokeAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var invitation = await db.Invitations.FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("invitation");
        if (invitation.RevokedAt is null)
        {
            invitation.RevokedAt = time.GetUtcNow();
            audit.Add(db, me, "invitation.revoke", id, $"as {invitation.Role}");
            await db.SaveChangesAsync(cancellation);
        }
    }

    /// <summary>Null for a token that opens nothing, whatever the reason.</summary>
    internal async Task<InvitationOffer?> OfferAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var hash = Secrets.Hash(token);
        return await Open(db).Where(invitation => invitation.TokenHash == hash).Select(invitation => new InvitationOffer(invitation.Team!.Name, invitation.Role, invitation.ExpiresAt)).FirstOrDefaultAsync(cancellation);
    }

    /// <summary>The current user, at a browser, joins another team.</summary>
    /// <exception cref="StudioException">Not found; a conflict for a member already.</exception>
    public async Task JoinAsync(InvitationAnswer answer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var me = await currentUser.RequirePersonAsync(TeamRole.Viewer, cancellation);
        await JoinAsync(answer.Token ?? "", me.Id, me.Name, cancellation);
    }

    /// <summary>Somebody without an account makes one and joins. Either both happen or nothing.</summary>
    internal async Task<AppUser> JoinAsNewAsync(string token, string name, string password, CancellationToken cancellation)
    {
        if (await OfferAsync(token, cancellation) is null)
        {
            throw StudioException.NotFound("invitation");
        }

        var user = await accounts.CreateAsync(name, password);
        try
        {
            await JoinAsync(token, user.Id, user.UserName!, cancellation);
            return user;
        }
        catch
        {
            await users.DeleteAsync(user);
            throw;
        }
    }

    private async Task JoinAsync(string token, Guid userId, string name, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var hash = Secrets.Hash(token);
        // Counted before anything else, so that of two who come at once with a link for one person only the first gets in.
        if (await Open(db).Where(row => row.TokenHash == hash).ExecuteUpdateAsync(row => row.SetProperty(x => x.Uses, x => x.Uses + 1), cancellation) == 0)
        {
            throw StudioException.NotFound("invitation");
        }

        var invitation = await db.Invitations.Include(row => row.Team).AsNoTracking().FirstAsync(row => row.TokenHash == hash, cancellation);
        if (await db.TeamMembers.AnyAsync(member => member.TeamId == invitation.TeamId && member.UserId == userId, cancellation))
        {
            throw new StudioException(Refusal.Conflict, $"You are a member of {invitation.Team!.Name} already; an Admin can change your role.");
        }

        var now = time.GetUtcNow();
        db.TeamMembers.Add(new TeamMember { TeamId = invitation.TeamId, UserId = userId, Role = invitation.Role, JoinedAt = now });
        await db.InvitationUses.Where(use => use.InvitationId == invitation.Id && use.UserId == userId).ExecuteDeleteAsync(cancellation);
        db.InvitationUses.Add(new InvitationUse { InvitationId = invitation.Id, UserId = userId, UserName = name, At = now });
        audit.Add(db, new UserInfo(userId, name, invitation.TeamId, invitation.Team!.Name, invitation.Role), "member.join", userId, $"{name} as {invitation.Role}, invited by {invitation.CreatedBy}");
        var inviters = await db.TeamMembers.Where(member => member.TeamId == invitation.TeamId && member.User!.UserName == invitation.CreatedBy).Select(member => member.UserId).ToListAsync(cancellation);
        await events.AddAsync(db, new TeamEvent
        {
            TeamId = invitation.TeamId, Kind = EventKinds.InvitationUsed, Key = $"{EventKinds.InvitationUsed}:{invitation.Id}:{userId}:{now.UtcTicks}", SubjectId = userId,
            Text = $"{name} joined as {invitation.Role}, invited by {invitation.CreatedBy}.", Path = "/team", At = now,
        }, inviters, cancellation);
        await db.SaveChangesAsync(cancellation);
        await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(user => user.SetProperty(x => x.CurrentTeamId, invitation.TeamId), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private IQueryable<Invitation> Open(StudioDb db)
    {
        var now = time.GetUtcNow();
        return db.Invitations.Where(row => row.RevokedAt == null && row.ExpiresAt > now && (!row.SingleUse || row.Uses == 0));
    }

    private InvitationInfo Info(Invitation row, IReadOnlyList<InvitationGuest> usedBy) =>
        new(row.Id, row.Role, row.CreatedBy, row.CreatedAt, row.ExpiresAt, row.RevokedAt, row.SingleUse, usedBy, row.RevokedAt is null && row.ExpiresAt > time.GetUtcNow() && (!row.SingleUse || row.Uses == 0));
}
