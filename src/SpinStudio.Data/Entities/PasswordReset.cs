namespace SpinStudio.Data;

/// <summary>Lets a member who forgot the password choose another one, once. An account has one at most.</summary>
public sealed class PasswordReset
{
    public Guid UserId { get; set; }

    public AppUser? User { get; set; }

    /// <summary>SHA-256 of the token in lower-case hex; the token itself is shown once and kept nowhere.</summary>
    public required string TokenHash { get; set; }

    /// <summary>The team whose Admin made it.</summary>
    public Guid TeamId { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
