using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <param name="LastSeenAt">At a browser, to a few minutes.</param>
/// <param name="LockedOut">After too many wrong passwords, for some minutes.</param>
public sealed record MemberInfo(Guid UserId, string Name, TeamRole Role, DateTimeOffset JoinedAt, DateTimeOffset? LastSeenAt, bool LockedOut);

/// <summary>Accounts and the members of the current user's team. Changes need the role Admin.</summary>
public sealed class AccountService(IDbContextFactory<StudioDb> databases, UserManager<AppUser> users, CurrentUser currentUser, AuditLog audit, TimeProvider time)
{
    private const string FirstTeamName = "Team";

    /// <summary>Two first visits at the same moment must not make two first accounts.</summary>
    private static readonly SemaphoreSlim Setup = new(1, 1);

    /// <summary>True until the first account exists; then <c>/account/setup</c> is closed.</summary>
    public async Task<bool> NeedsSetupAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return !await db.Users.AnyAsync(cancellation);
    }

    /// <summary>Creates the first account, Admin of the first team.</summary>
    /// <exception cref="StudioException">An account exists already, or name or password are refused.</exception>
    internal async Task<AppUser> SetUpAsync(string name, string password, CancellationToken cancellation)
    {
        await Setup.WaitAsync(cancellation);
        try
        {
            if (!await NeedsSetupAsync(cancellation))
            {
                throw new StudioException(Refusal.Conflict, "The first account exists already. Log in, or ask an Admin for an account.");
            }

            var user = await CreateAsync(name, password);
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var team = await db.Teams.OrderBy(existing => existing.CreatedAt).FirstOrDefaultAsync(cancellation);
            if (team is null)
            {
                team = new Team { Name = FirstTeamName, CreatedAt = time.GetUtcNow() };
                db.Teams.Add(team);
            }

            db.TeamMembers.Add(new TeamMember { TeamId = team.Id, UserId = user.Id, Role = TeamRole.Admin, JoinedAt = time.GetUtcNow() });
            audit.Add(db, new UserInfo(user.Id, name, team.Id, team.Name, TeamRole.Admin), "account.setup", user.Id, name);
            await db.SaveChangesAsync(cancellation);
            return user;
        }
        finally
        {
            Setup.Release();
        }
    }

    public async Task<IReadOnlyList<MemberInfo>> MembersAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.TeamMembers
            .Where(member => member.TeamId == me.TeamId)
            .OrderBy(member => member.JoinedAt)
            .Select(member => new MemberInfo(member.UserId, member.User!.UserName!, member.Role, member.JoinedAt, member.User.LastSeenAt, member.User.LockoutEnd > now))
            .ToListAsync(cancellation);
    }

    public async Task<MemberInfo> AddMemberAsync(string name, string password, TeamRole role, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var user = await CreateAsync(name, password);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var member = new TeamMember { TeamId = me.TeamId, UserId = user.Id, Role = role, JoinedAt = time.GetUtcNow() };
        db.TeamMembers.Add(member);
        audit.Add(db, me, "member.add", user.Id, $"{user.UserName} as {role}");
        await db.SaveChangesAsync(cancellation);
        return new MemberInfo(user.Id, user.UserName!, role, member.JoinedAt, null, false);
    }

    /// <summary>The last Admin cannot be demoted.</summary>
    public async Task ChangeRoleAsync(Guid userId, TeamRole role, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var member = await MemberAsync(db, me, userId, cancellation);
        if (role != TeamRole.Admin)
        {
            await KeepAnAdminAsync(db, member, cancellation);
        }

        member.Role = role;
        audit.Add(db, me, "member.role", userId, $"{member.User!.UserName} is {role}");
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// The last Admin cannot be removed. With the membership end the person's tokens of this team and the invitations that the person came by; with the last membership the account.
    /// </summary>
    public async Task RemoveMemberAsync(Guid userId, CancellationToken cancellation = default) =>
        await RemoveAsync(await currentUser.RequireAsync(TeamRole.Admin, cancellation), userId, "member.remove", cancellation);

    /// <summary>The current user leaves the current team, as if removed from it.</summary>
    public async Task LeaveAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequirePersonAsync(TeamRole.Viewer, cancellation);
        await RemoveAsync(me, me.Id, "member.leave", cancellation);
    }

    private async Task RemoveAsync(UserInfo me, Guid userId, string action, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var member = await MemberAsync(db, me, userId, cancellation);
        await KeepAnAdminAsync(db, member, cancellation);
        db.TeamMembers.Remove(member);
        audit.Add(db, me, action, userId, member.User!.UserName);
        await db.SaveChangesAsync(cancellation);
        var now = time.GetUtcNow();
        await db.ApiTokens.Where(token => token.TeamId == me.TeamId && token.UserId == userId && token.RevokedAt == null).ExecuteUpdateAsync(token => token.SetProperty(x => x.RevokedAt, now), cancellation);
        await db.Invitations.Where(row => row.TeamId == me.TeamId && row.RevokedAt == null && db.InvitationUses.Any(use => use.InvitationId == row.Id && use.UserId == userId))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.RevokedAt, now), cancellation);
        if (!await db.TeamMembers.AnyAsync(other => other.UserId == userId, cancellation))
        {
            await db.Users.Where(user => user.Id == userId).ExecuteDeleteAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    private static async Task<TeamMember> MemberAsync(StudioDb db, UserInfo me, Guid userId, CancellationToken cancellation) =>
        await db.TeamMembers.Include(member => member.User).FirstOrDefaultAsync(member => member.TeamId == me.TeamId && member.UserId == userId, cancellation)
        ?? throw StudioException.NotFound("member");

    private static async Task KeepAnAdminAsync(StudioDb db, TeamMember leaving, CancellationToken cancellation)
    {
        if (leaving.Role == TeamRole.Admin && !await db.TeamMembers.AnyAsync(other => other.TeamId == leaving.TeamId && other.UserId != leaving.UserId && other.Role == TeamRole.Admin, cancellation))
        {
            throw new StudioException(Refusal.Conflict, $"{leaving.User!.UserName} is the team's last Admin; make somebody else Admin first.");
        }
    }

    /// <summary>An account that belongs to no team yet.</summary>
    internal async Task<AppUser> CreateAsync(string name, string password)
    {
        var user = new AppUser { Id = Guid.CreateVersion7(), UserName = (name ?? "").Trim(), CreatedAt = time.GetUtcNow() };
        var created = await users.CreateAsync(user, password ?? "");
        return created.Succeeded ? user : throw new StudioException(Refusal.Invalid, string.Join(" ", created.Errors.Select(error => error.Description)));
    }
}
