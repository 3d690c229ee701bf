using SpinStudio.Data;

namespace SpinStudio.Web.Features.Teams;

/// <param name="Role">What whoever joins may do.</param>
/// <param name="Days">1 to 30.</param>
/// <param name="SingleUse">For one person only.</param>
public sealed record NewInvitation(TeamRole Role = TeamRole.Viewer, int Days = Invitations.UsualDays, bool SingleUse = false);

/// <summary>Somebody who joined by an invitation.</summary>
public sealed record InvitationGuest(string Name, DateTimeOffset At);

/// <param name="Open">It can be used now: not expired, not revoked, not used up.</param>
public sealed record InvitationInfo(
    Guid Id, TeamRole Role, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, bool SingleUse, IReadOnlyList<InvitationGuest> UsedBy, bool Open);

/// <param name="Path">Where the link leads, token included. It is shown this once and kept nowhere.</param>
public sealed record CreatedInvitation(InvitationInfo Invitation, string Path);

/// <param name="Token">The last part of the link.</param>
public sealed record InvitationAnswer(string Token);

/// <summary>What the page behind the link tells whoever holds it.</summary>
internal sealed record InvitationOffer(string TeamName, TeamRole Role, DateTimeOffset ExpiresAt);
