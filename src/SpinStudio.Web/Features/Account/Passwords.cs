using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <param name="Path">Where the link leads, token included. It is shown this once and kept nowhere.</param>
public sealed record CreatedReset(string Path, DateTimeOffset ExpiresAt);

/// <param name="Current">The present password.</param>
/// <param name="Password">The new one.</param>
public sealed record PasswordChange(string Current, string Password);

/// <summary>Changing one's own password, and links by which a member who forgot it chooses another. Either ends all other sessions of the account; API tokens stay.</summary>
public sealed class Passwords(IDbContextFactory<StudioDb> databases, UserManager<AppUser> users, SignInManager<AppUser> signIn, CurrentUser currentUser, AuditLog audit, TimeProvider time)
{
    private const int ResetHours = 24;

    /// <summary>Changes the current user's password; wrong ones count as at the login. The caller's own session needs a new cookie afterwards.</summary>
    /// <returns>Null when the present password is wrong.</returns>
    internal async Task<AppUser?> ChangeAsync(PasswordChange change, CancellationToken cancellation)
    {
        var me = await currentUser.RequirePersonAsync(TeamRole.Viewer, cancellation);
        var user = await users.FindByIdAsync(me.Id.ToString()) ?? throw StudioException.NotFound("account");
        var known = await signIn.CheckPasswordSignInAsync(user, change.Current ?? "", lockoutOnFailure: true);
        if (!known.Succeeded)
        {
            return known.IsLockedOut ? throw new StudioException(Refusal.Conflict, "Too many wrong passwords. Wait a few minutes, then try again.") : null;
        }

        await SetAsync(user, change.Password ?? "");
        await using var db = await databases.CreateDbContextAsync(cancellation);
        audit.Add(db, me, "account.password", me.Id, me.Name);
        await db.SaveChangesAsync(cancellation);
        return user;
    }

    /// <summary>
    /// Makes a link with which a member chooses a new password, once, within a day; an earlier one ends. Only for who is in no team where the asker is not Admin:
    /// the link is the account, and the account opens all its teams.
    /// </summary>
    public async Task<CreatedReset> MakeResetAsync(Guid userId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequirePersonAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var member = await db.TeamMembers.Include(row => row.User).FirstOrDefaultAsync(row => row.TeamId == me.TeamId && row.UserId == userId, cancellation) ?? throw StudioException.NotFound("member");
        var elsewhere = await db.TeamMembers.CountAsync(
            row => row.UserId == userId && !db.TeamMembers.Any(mine => mine.TeamId == row.TeamId && mine.UserId == me.Id && mine.Role == TeamRole.Admin), cancellation);
        if (elsewhere > 0)
        {
            throw new StudioException(Refusal.Forbidden, $"{member.User!.UserName} is in {elsewhere} other {(elsewhere == 1 ? "team" : "teams")} where you are not Admin; somebody who is Admin in all of them has to make the link.");
        }

        var token = Secrets.New();
        var expires = time.GetUtcNow().AddHours(ResetHours);
        await db.PasswordResets.Where(reset => reset.UserId == userId).ExecuteDeleteAsync(cancellation);
        db.PasswordResets.Add(new PasswordReset { UserId = userId, TeamId = me.TeamId, TokenHash = Secrets.Hash(token), ExpiresAt = expires });
        audit.Add(db, me, "member.reset", userId, member.User!.UserName);
        await db.SaveChangesAsync(cancellation);
        return new CreatedReset($"/reset/{token}", expires);
    }

    /// <summary>Whose password the link sets; null when it opens nothing, whatever the reason.</summary>
    internal async Task<string?> OwnerOfResetAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (hash, now) = (Secrets.Hash(token), time.GetUtcNow());
        return await db.PasswordResets.Where(reset => reset.TokenHash == hash && reset.ExpiresAt > now).Select(reset => reset.User!.UserName).FirstOrDefaultAsync(cancellation);
    }

    /// <summary>Sets the password and uses the link up.</summary>
    internal async Task<AppUser> ResetAsync(string token, string password, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (hash, now) = (Secrets.Hash(token), time.GetUtcNow());
        var reset = await db.PasswordResets.AsNoTracking().FirstOrDefaultAsync(row => row.TokenHash == hash && row.ExpiresAt > now, cancellation) ?? throw StudioException.NotFound("link");
        var user = await users.FindByIdAsync(reset.UserId.ToString()) ?? throw StudioException.NotFound("link");
        await CheckAsync(user, password);
        if (await db.PasswordResets.Where(row => row.TokenHash == hash).ExecuteDeleteAsync(cancellation) == 0)
        {
            throw StudioException.NotFound("link");
        }

        await SetAsync(user, password);
        await users.SetLockoutEndDateAsync(user, null);
        audit.Add(db, new UserInfo(user.Id, user.UserName!, reset.TeamId, "", TeamRole.Viewer), "account.reset", user.Id, user.UserName);
        await db.SaveChangesAsync(cancellation);
        return user;
    }

    private async Task SetAsync(AppUser user, string password)
    {
        await CheckAsync(user, password);
        user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
        // A new stamp ends every session that was opened with the old one.
        Told(await users.UpdateSecurityStampAsync(user));
    }

    private async Task CheckAsync(AppUser user, string password)
    {
        foreach (var rule in users.PasswordValidators)
        {
            Told(await rule.ValidateAsync(users, user, password));
        }
    }

    private static void Told(IdentityResult result)
    {
        if (!result.Succeeded)
        {
            throw new StudioException(Refusal.Invalid, string.Join(" ", result.Errors.Select(error => error.Description)));
        }
    }
}
