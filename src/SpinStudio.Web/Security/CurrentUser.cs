using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Security;

/// <summary>Who is asking, and as what.</summary>
/// <param name="TeamId">The team that everything is read from and written to.</param>
public sealed record UserInfo(Guid Id, string Name, Guid TeamId, string TeamName, TeamRole Role)
{
    public bool May(TeamRole role) => Role >= role;
}

/// <summary>The current user of this request, hub call or circuit.</summary>
public sealed class CurrentUser(IDbContextFactory<StudioDb> databases)
{
    /// <summary>Set by what opens the scope: the request pipeline, the hub, the circuit.</summary>
    internal ClaimsPrincipal? Principal { get; set; }

    /// <summary>Null when nobody is logged in or the account belongs to no team. The role is read anew each time, so that a change takes effect at once.</summary>
    public async Task<UserInfo?> FindAsync(CancellationToken cancellation = default)
    {
        if (Principal?.Identity?.IsAuthenticated != true || !Guid.TryParse(Principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id))
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.TeamMembers
            .Where(member => member.UserId == id)
            .OrderBy(member => member.JoinedAt)
            .Select(member => new UserInfo(id, member.User!.UserName!, member.TeamId, member.Team!.Name, member.Role))
            .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>The user, who has at least this role; refused otherwise.</summary>
    public async Task<UserInfo> RequireAsync(TeamRole role = TeamRole.Viewer, CancellationToken cancellation = default)
    {
        var user = await FindAsync(cancellation) ?? throw new StudioException(Refusal.Forbidden, "Log in first.");
        return user.May(role)
            ? user
            : throw new StudioException(Refusal.Forbidden, $"This needs the role {role}; you are {user.Role}. Ask an Admin of {user.TeamName}.");
    }
}
