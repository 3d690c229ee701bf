using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>Who is asking, and as what.</summary>
/// <param name="TeamId">The team that everything is read from and written to.</param>
public sealed record UserInfo(Guid Id, string Name, Guid TeamId, string TeamName, TeamRole Role)
{
    public bool May(TeamRole role) => Role >= role;
}

/// <summary>The current user of this request, hub call or circuit.</summary>
public sealed class CurrentUser
{
    /// <summary>Null when nobody is logged in or the account belongs to no team. The role is read anew each time.</summary>
    public Task<UserInfo?> FindAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The user, who has at least this role; refused otherwise.</summary>
    public Task<UserInfo> RequireAsync(TeamRole role = TeamRole.Viewer, CancellationToken cancellation = default) => throw new NotImplementedException();
}
