using System.Security.Claims;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Security;

/// <summary>Who is asking, and as what.</summary>
/// <param name="TeamId">The team that everything is read from and written to.</param>
/// <param name="Role">With a token no more than its scope.</param>
/// <param name="Token">Name and beginning of the token that the request came with; null: somebody at a browser.</param>
public sealed record UserInfo(Guid Id, string Name, Guid TeamId, string TeamName, TeamRole Role, string? Token = null)
{
    /// <summary>Null: somebody at a browser.</summary>
    [JsonIgnore]
    public Guid? TokenId { get; init; }

    public bool May(TeamRole role) => Role >= role;
}

/// <summary>The current user of this request, hub call or circuit.</summary>
public sealed class CurrentUser(IDbContextFactory<StudioDb> databases, TimeProvider time)
{
    private static readonly string StampClaim = new ClaimsIdentityOptions().SecurityStampClaimType;

    /// <summary>Set by what opens the scope: the request pipeline, the hub, the circuit.</summary>
    internal ClaimsPrincipal? Principal { get; set; }

    /// <summary>
    /// Null when nobody is logged in, the account belongs to no team, or the token works no more. Role and token are read anew each time, so that a change takes effect at once.
    /// </summary>
    public async Task<UserInfo?> FindAsync(CancellationToken cancellation = default)
    {
        if (Principal?.Identity?.IsAuthenticated != true || !Guid.TryParse(Principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id))
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (Guid.TryParse(Principal.FindFirstValue(BearerTokens.TokenClaim), out var token))
        {
            return await FindByTokenAsync(db, id, token, cancellation);
        }

        // Sessions that were opened before the password changed carry an older stamp.
        var stamp = Principal.FindFirstValue(StampClaim);
        return await db.TeamMembers
            .Where(member => member.UserId == id && (stamp == null || member.User!.SecurityStamp == stamp))
            .OrderByDescending(member => member.TeamId == member.User!.CurrentTeamId).ThenBy(member => member.JoinedAt)
            .Select(member => new UserInfo(id, member.User!.UserName!, member.TeamId, member.Team!.Name, member.Role, null))
            .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>The user, who has at least this role; refused otherwise.</summary>
    public async Task<UserInfo> RequireAsync(TeamRole role = TeamRole.Viewer, CancellationToken cancellation = default)
    {
        var user = await FindAsync(cancellation) ?? throw new StudioException(Refusal.Forbidden, "Log in first.");
        return user.May(role)
            ? user
            : throw new StudioException(Refusal.Forbidden, user.Token is null
                ? $"This needs the role {role}; you are {user.Role}. Ask an Admin of {user.TeamName}."
                : $"This needs the role {role}; the token {user.Token} acts as {user.Role}, which its scope and its owner's role allow.");
    }

    /// <summary>As <see cref="RequireAsync"/>, for what decides over accounts: a token may not do it, whatever its scope.</summary>
    public async Task<UserInfo> RequirePersonAsync(TeamRole role = TeamRole.Viewer, CancellationToken cancellation = default)
    {
        var user = await RequireAsync(role, cancellation);
        return user.Token is null ? user : throw new StudioException(Refusal.Forbidden, "Tokens cannot do this; log in with name and password.");
    }

    private async Task<UserInfo?> FindByTokenAsync(StudioDb db, Guid id, Guid tokenId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var found = await (
            from token in db.ApiTokens
            join member in db.TeamMembers on new { token.TeamId, token.UserId } equals new { member.TeamId, member.UserId }
            where token.Id == tokenId && token.UserId == id && token.RevokedAt == null && token.ExpiresAt > now
            select new { token.Name, token.Start, token.Scope, member.TeamId, member.Role, Team = member.Team!.Name, Owner = member.User!.UserName! }).FirstOrDefaultAsync(cancellation);
        if (found is null)
        {
            return null;
        }

        var role = found.Scope.Role() < found.Role ? found.Scope.Role() : found.Role;
        return new UserInfo(id, found.Owner, found.TeamId, found.Team, role, $"{found.Name} ({found.Start}…)") { TokenId = tokenId };
    }
}
