using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>Writes down when a person was last here; a program with the person's token does not count.</summary>
internal sealed class LastSeen(IDbContextFactory<StudioDb> databases, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> noted = new();

    /// <summary>May be called with every request: it writes every few minutes.</summary>
    public async Task NoteAsync(ClaimsPrincipal? principal)
    {
        if (principal is null || BearerTokens.LoggedIn(principal) || !Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id))
        {
            return;
        }

        var now = time.GetUtcNow();
        if (noted.TryGetValue(id, out var before) && now - before < Every)
        {
            return;
        }

        noted[id] = now;
        await using var db = await databases.CreateDbContextAsync();
        await db.Users.Where(user => user.Id == id).ExecuteUpdateAsync(user => user.SetProperty(x => x.LastSeenAt, now));
    }
}
