using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Teams;

/// <summary>The current team, and those that the current user can change to.</summary>
public sealed class TeamService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, TimeProvider time)
{
    public const int LongestName = 100;

    /// <summary>Teams of the studio; a slip of a script shall not make thousands.</summary>
    private const int MostTeams = 200;

    public async Task<TeamInfo> GetAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var team = await db.Teams.Where(team => team.Id == me.TeamId).Select(team => new { team.CreatedAt, Members = team.Members.Count }).FirstAsync(cancellation);
        return new TeamInfo(me.TeamId, me.TeamName, team.CreatedAt, team.Members, me.Role, await FirstTeam.IsAdminAsync(db, me, cancellation));
    }

    /// <summary>By name. A token knows only its own.</summary>
    public async Task<IReadOnlyList<MyTeam>> MineAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.TeamMembers.Where(member => member.UserId == me.Id && (me.Token == null || member.TeamId == me.TeamId)).OrderBy(member => member.Team!.Name)
            .Select(member => new MyTeam(member.TeamId, member.Team!.Name, member.Role, member.TeamId == me.TeamId)).ToListAsync(cancellation);
    }

    public async Task RenameAsync(TeamName wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var name = OneLine.Checked(wanted.Name, "A team's name", LongestName);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var team = await db.Teams.FirstAsync(team => team.Id == me.TeamId, cancellation);
        if (team.Name == name)
        {
            return;
        }

        audit.Add(db, me, "team.rename", team.Id, $"{team.Name} → {name}");
        team.Name = name;
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>
    /// Makes another team with the asker as its Admin. Teams share the machine, so it is for the Admins of the studio's first team: they answer for disk and processors.
    /// </summary>
    public async Task<MyTeam> CreateAsync(TeamName wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var name = OneLine.Checked(wanted.Name, "A team's name", LongestName);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await FirstTeam.IsAdminAsync(db, me, cancellation))
        {
            throw new StudioException(Refusal.Forbidden, "Only an Admin of the studio's first team makes teams; ask one, or change to that team.");
        }

        if (await db.Teams.CountAsync(cancellation) >= MostTeams)
        {
            throw new StudioException(Refusal.Conflict, $"The studio has {MostTeams} teams, which is the limit.");
        }

        var now = time.GetUtcNow();
        var team = new Team { Name = name, CreatedAt = now };
        db.Teams.Add(team);
        db.TeamMembers.Add(new TeamMember { TeamId = team.Id, UserId = me.Id, Role = TeamRole.Admin, JoinedAt = now });
        audit.Add(db, me, "team.create", team.Id, name);
        audit.Add(db, me with { TeamId = team.Id }, "team.create", team.Id, name);
        await db.SaveChangesAsync(cancellation);
        return new MyTeam(team.Id, name, TeamRole.Admin, false);
    }

    /// <summary>From now on the current user sees another of the own teams, in every window; kept on the server. Not with a token, which belongs to one team.</summary>
    public async Task SwitchAsync(TeamChoice wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequirePersonAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var changed = await db.Users.Where(user => user.Id == me.Id && db.TeamMembers.Any(member => member.TeamId == wanted.TeamId && member.UserId == me.Id))
            .ExecuteUpdateAsync(user => user.SetProperty(x => x.CurrentTeamId, wanted.TeamId), cancellation);
        if (changed == 0)
        {
            throw StudioException.NotFound("team");
        }
    }
}
