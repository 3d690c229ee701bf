namespace SpinStudio.Data;

/// <summary>What a token may do at most, in the order of the roles: it never may more than its owner's role at that moment.</summary>
public enum TokenScope
{
    /// <summary>As a Viewer.</summary>
    Read = 0,

    /// <summary>As a Rater.</summary>
    Vote = 1,

    /// <summary>As a Runner.</summary>
    Run = 2,

    /// <summary>As an Admin.</summary>
    Admin = 3,
}

/// <summary>Lets a program ask the API in a person's name, in one team, until it expires or is revoked.</summary>
public sealed class ApiToken
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    /// <summary>The only team whose things can be reached with it.</summary>
    public Guid TeamId { get; set; }

    public Guid UserId { get; set; }

    public AppUser? User { get; set; }

    /// <summary>What it is for, in its owner's words.</summary>
    public required string Name { get; set; }

    /// <summary>How it begins, to recognise it by.</summary>
    public required string Start { get; set; }

    /// <summary>SHA-256 of the token in lower-case hex; the token itself is shown once and kept nowhere.</summary>
    public required string TokenHash { get; set; }

    public TokenScope Scope { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>To the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}
