using SpinStudio.Data;

namespace SpinStudio.Web.Features.Teams;

/// <summary>Roles in words, said once.</summary>
internal static class RoleText
{
    /// <summary>A sentence.</summary>
    public static string About(TeamRole role) => role switch
    {
        TeamRole.Viewer => "looks at everything, comments, makes read tokens.",
        TeamRole.Rater => "also votes on answers.",
        TeamRole.Runner => "also uploads, starts, stops, shares and deletes.",
        _ => "also invites people, changes roles, and reads the audit log.",
    };

    /// <summary>What somebody may do, with the role from which on.</summary>
    public static readonly IReadOnlyList<(string Right, TeamRole From)> Rights =
    [
        ("Look at runs, models, datasets and answers", TeamRole.Viewer),
        ("Comment", TeamRole.Viewer),
        ("Vote on answers", TeamRole.Rater),
        ("Upload and import, download by the server", TeamRole.Runner),
        ("Start, stop, share and delete runs", TeamRole.Runner),
        ("Promote, rename and delete models", TeamRole.Runner),
        ("Invite, change roles, remove people", TeamRole.Admin),
        ("Everybody's tokens, audit log, stop sharing", TeamRole.Admin),
    ];
}
