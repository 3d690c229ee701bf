using SpinStudio.Data;

namespace SpinStudio.Web.Features.Tokens;

/// <param name="Name">What it is for.</param>
/// <param name="Scope">What it may do at most; no more than its owner may.</param>
/// <param name="Days">1 to 365.</param>
public sealed record NewToken(string Name, TokenScope Scope = TokenScope.Read, int Days = ApiTokens.UsualDays);

/// <param name="Start">How it begins, to recognise it by.</param>
/// <param name="Open">It works now: not expired, not revoked.</param>
/// <param name="LastUsedAt">To the minute.</param>
public sealed record TokenInfo(
    Guid Id, string Name, string Start, TokenScope Scope, Guid UserId, string Owner, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, bool Open);

/// <param name="Secret">For the header Authorization: Bearer. It is told this once and kept nowhere.</param>
public sealed record CreatedToken(TokenInfo Token, string Secret);
