using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Tokens;

/// <summary>Tokens with which programs ask in a person's name, in the team where they were made.</summary>
public sealed class ApiTokens(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, TimeProvider time)
{
    /// <summary>What all tokens begin with, so that scanners for leaked secrets know them.</summary>
    public const string Prefix = "spin_";

    public const int UsualDays = 90;
    public const int MostDays = 365;

    /// <summary>Working tokens of one person in one team.</summary>
    public const int MostOpen = 50;

    public const int LongestName = 100;
    private const int ShownCharacters = 9;

    /// <summary>Not with a token: one that leaked could otherwise outlive its revocation.</summary>
    public async Task<CreatedToken> CreateAsync(NewToken wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequirePersonAsync(TeamRole.Viewer, cancellation);
        var name = OneLine.Checked(wanted.Name, "A token's name", LongestName);
        if (wanted.Days is < 1 or > MostDays)
        {
            throw new StudioException(Refusal.Invalid, $"A token lives 1 to {MostDays} days (got {wanted.Days}); {UsualDays} is usual.");
        }

        if (!me.May(wanted.Scope.Role()))
        {
            throw new StudioException(Refusal.Forbidden, $"A token with the scope {wanted.Scope} needs the role {wanted.Scope.Role()}; you are {me.Role}. Choose a smaller scope.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        if (await db.ApiTokens.CountAsync(token => token.UserId == me.Id && token.TeamId == me.TeamId && token.RevokedAt == null && token.ExpiresAt > now, cancellation) >= MostOpen)
        {
            throw new StudioException(Refusal.Conflict, $"You have {MostOpen} working tokens in {me.TeamName}, which is the limit; revoke one first.");
        }

        var secret = Prefix + Secrets.New();
        var made = new ApiToken
        {
            TeamId = me.TeamId, UserId = me.Id, Name = name, Start = secret[..ShownCharacters], TokenHash = Secrets.Hash(secret), Scope = wanted.Scope, CreatedAt = now, ExpiresAt = now.AddDays(wanted.Days),
        };
        db.ApiTokens.Add(made);
        audit.Add(db, me, "token.create", made.Id, $"{name}, {wanted.Scope.ToString().ToLowerInvariant()}, {wanted.Days} days");
        await db.SaveChangesAsync(cancellation);
        return new CreatedToken(Info(made, me.Name, now), secret);
    }

    /// <summary>Newest first.</summary>
    /// <param name="everybody">Those of the whole team, for its Admins; else one's own in this team.</param>
    public async Task<IReadOnlyList<TokenInfo>> ListAsync(bool everybody = false, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(everybody ? TeamRole.Admin : TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        var rows = await db.ApiTokens.Where(token => token.TeamId == me.TeamId && (everybody || token.UserId == me.Id)).OrderByDescending(token => token.CreatedAt)
            .Select(token => new { Token = token, Owner = token.User!.UserName! }).AsNoTracking().ToListAsync(cancellation);
        return [.. rows.Select(row => Info(row.Token, row.Owner, now))];
    }

    /// <summary>From now on it opens nothing. One's own, or as an Admin anybody's of the team; with a token only itself, unless it may administer.</summary>
    public async Task RevokeAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var token = await db.ApiTokens.FirstOrDefaultAsync(token => token.Id == id && token.TeamId == me.TeamId && (token.UserId == me.Id || me.Role == TeamRole.Admin), cancellation)
            ?? throw StudioException.NotFound("token");
        if (me.TokenId is { } own && own != id && !me.May(TeamRole.Admin))
        {
            throw new StudioException(Refusal.Forbidden, "A token revokes only itself unless its scope is admin; log in to revoke others.");
        }

        if (token.RevokedAt is not null)
        {
            return;
        }

        token.RevokedAt = time.GetUtcNow();
        audit.Add(db, me, "token.revoke", id, token.Name);
        await db.SaveChangesAsync(cancellation);
    }

    private static TokenInfo Info(ApiToken token, string owner, DateTimeOffset now) =>
        new(token.Id, token.Name, token.Start, token.Scope, token.UserId, owner, token.CreatedAt, token.ExpiresAt, token.RevokedAt, token.LastUsedAt, token.RevokedAt is null && token.ExpiresAt > now);
}
