using Microsoft.AspNetCore.Authorization;
using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>A policy for each role; pages and endpoints name them. Without one, being logged in is enough to ask, and services check the rest.</summary>
public static class Policies
{
    public const string Viewer = nameof(TeamRole.Viewer);
    public const string Rater = nameof(TeamRole.Rater);
    public const string Runner = nameof(TeamRole.Runner);
    public const string Admin = nameof(TeamRole.Admin);

    internal static void Add(AuthorizationOptions options)
    {
        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
        foreach (var role in Enum.GetValues<TeamRole>())
        {
            options.AddPolicy(role.ToString(), policy => policy.RequireAuthenticatedUser().AddRequirements(new AtLeast(role)));
        }
    }
}

/// <summary>Membership of the current team with at least this role.</summary>
internal sealed record AtLeast(TeamRole Role) : IAuthorizationRequirement;

internal sealed class AtLeastHandler(CurrentUser user) : AuthorizationHandler<AtLeast>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, AtLeast requirement)
    {
        if (await user.FindAsync() is { } found && found.May(requirement.Role))
        {
            context.Succeed(requirement);
        }
    }
}
