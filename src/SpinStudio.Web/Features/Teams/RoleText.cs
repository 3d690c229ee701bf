using SpinStudio.Data;

namespace SpinStudio.Web.Features.Teams;

/// <summary>Roles in words, said once.</summary>
internal static class RoleText
{
    /// <summary>A sentence to whoever gets the role.</summary>
    public static string About(TeamRole role) => role switch
    {
        TeamRole.Viewer => "you look at everything.",
        TeamRole.Rater => "you look at everything, comment, ask models, and vote on answers.",
        TeamRole.Runner => "you look, comment and vote, upload, and start, stop, share and delete.",
        _ => "you may do everything, also invite people and change their roles.",
    };

    /// <summary>What somebody may do, with the role from which on.</summary>
    public static readonly IReadOnlyList<(string Right, TeamRole From)> Rights =
    [
        ("Look at runs, models, datasets and answers", TeamRole.Viewer),
        ("Comment, ask models in the playground", TeamRole.Rater),
        ("Vote on answers", TeamRole.Rater),
        ("Upload and import, download by the server", TeamRole.Runner),
        ("Start, stop, share and delete runs", TeamRole.Runner),
        ("Promote, rename and delete models", TeamRole.Runner),
        ("Invite, change roles, remove people", TeamRole.Admin),
        ("Everybody's tokens, audit log, webhooks, servers", TeamRole.Admin),
    ];
}
