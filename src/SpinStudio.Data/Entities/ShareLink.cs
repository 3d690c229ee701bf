namespace SpinStudio.Data;

/// <summary>A way to look at one run without an account, until it expires or is revoked. Whoever holds its token may look.</summary>
public sealed class ShareLink
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    /// <summary>SHA-256 of the token in lower-case hex; the token itself is shown once and kept nowhere.</summary>
    public required string TokenHash { get; set; }

    public Guid CreatedById { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public int Uses { get; set; }

    /// <summary>Prompts and answers are shown too.</summary>
    public bool WithAnswers { get; set; }

    /// <summary>Names of members are shown too.</summary>
    public bool WithNames { get; set; }
}

/// <summary>While there is one, no share link of a team, or of the whole studio, opens.</summary>
public sealed class SharingStop
{
    /// <summary>The team's id, or <see cref="Studio"/>.</summary>
    public required string Scope { get; set; }

    public const string Studio = "studio";

    public required string StoppedBy { get; set; }

    public DateTimeOffset StoppedAt { get; set; }
}
