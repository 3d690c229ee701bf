namespace SpinStudio.Data;

/// <summary>A way into a team. Whoever holds its token may join with its role, until it expires, is revoked, or, when it is for one person, was used.</summary>
public sealed class Invitation
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public Team? Team { get; set; }

    public TeamRole Role { get; set; }

    /// <summary>SHA-256 of the token in lower-case hex; the token itself is shown once and kept nowhere.</summary>
    public required string TokenHash { get; set; }

    public required string CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>For one person only.</summary>
    public bool SingleUse { get; set; }

    public int Uses { get; set; }
}

/// <summary>Somebody who joined by an invitation.</summary>
public sealed class InvitationUse
{
    public Guid InvitationId { get; set; }

    public Guid UserId { get; set; }

    /// <summary>At that time; the account may be gone.</summary>
    public required string UserName { get; set; }

    public DateTimeOffset At { get; set; }
}
