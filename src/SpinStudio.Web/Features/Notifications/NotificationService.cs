using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Activity;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Settings;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Notifications;

/// <summary>Something that the current user is told of.</summary>
/// <param name="Kind">Such as run.completed.</param>
/// <param name="Path">Of its page; null when it has none.</param>
public sealed record NotificationInfo(Guid Id, string Kind, string Text, string? Path, DateTimeOffset At, bool Read);

/// <param name="Count">Notifications of the current user, in the current team, that are not read.</param>
public sealed record UnreadCount(int Count);

/// <param name="Choices">What can be chosen; a kind that is about people by name knows no "team".</param>
public sealed record NotificationChoice(string Kind, string Name, Interest Interest, IReadOnlyList<Interest> Choices);

/// <summary>What the current user is told of, in their current team, and what they want to be told of.</summary>
public sealed class NotificationService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, UserSettings settings, TeamNews news, TimeProvider time)
{
    public const int PageSize = 30;
    private const int MostListed = 200;

    /// <summary>Newest first.</summary>
    public async Task<Page<NotificationInfo>> ListAsync(int skip = 0, int take = PageSize, bool unread = false, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var mine = Mine(db, me).Where(row => !unread || row.ReadAt == null);
        var rows = await mine.OrderByDescending(row => row.Event!.At).ThenByDescending(row => row.EventId).Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, MostListed))
            .Select(row => new NotificationInfo(row.EventId, row.Event!.Kind, row.Event.Text, row.Event.Path, row.Event.At, row.ReadAt != null)).ToListAsync(cancellation);
        return new Page<NotificationInfo>(rows, await mine.CountAsync(cancellation));
    }

    public async Task<int> UnreadAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Mine(db, me).CountAsync(row => row.ReadAt == null, cancellation);
    }

    /// <summary>Marks one as read, or with null all, and with them the comments that name the user.</summary>
    public async Task ReadAsync(Guid? id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        if (id is not null && !await Mine(db, me).AnyAsync(row => row.EventId == id, cancellation))
        {
            throw StudioException.NotFound("notification");
        }

        await Mine(db, me).Where(row => row.ReadAt == null && (id == null || row.EventId == id)).ExecuteUpdateAsync(row => row.SetProperty(x => x.ReadAt, now), cancellation);
        if (id is null)
        {
            await db.Mentions.Where(mention => mention.UserId == me.Id && mention.ReadAt == null && mention.Comment!.TeamId == me.TeamId).ExecuteUpdateAsync(row => row.SetProperty(x => x.ReadAt, now), cancellation);
        }

        news.Tell(me.TeamId);
    }

    public async Task<IReadOnlyList<NotificationChoice>> ChoicesAsync(CancellationToken cancellation = default)
    {
        var chosen = await settings.GetAsync<Dictionary<string, Interest>>(TeamEvents.Setting, cancellation) ?? [];
        return [.. EventKinds.All.Select(kind => new NotificationChoice(kind.Key, kind.Name, chosen.GetValueOrDefault(kind.Key, kind.Usual), Choices(kind)))];
    }

    /// <summary>Changes the kinds that are named and leaves the others.</summary>
    public async Task<IReadOnlyList<NotificationChoice>> ChooseAsync(IReadOnlyDictionary<string, Interest> wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var chosen = await settings.GetAsync<Dictionary<string, Interest>>(TeamEvents.Setting, cancellation) ?? [];
        foreach (var (key, interest) in wanted)
        {
            var kind = EventKinds.All.FirstOrDefault(kind => kind.Key == key)
                ?? throw new StudioException(Refusal.Invalid, $"There is no kind of notification '{key}'; choose among {string.Join(", ", EventKinds.All.Select(kind => kind.Key))}.");
            chosen[key] = Choices(kind).Contains(interest) ? interest : throw new StudioException(Refusal.Invalid, $"{key} can be off or mine (got team).");
        }

        await settings.SetAsync(TeamEvents.Setting, chosen, cancellation);
        return await ChoicesAsync(cancellation);
    }

    private static Interest[] Choices(EventKind kind) => kind.Personal ? [Interest.Off, Interest.Mine] : [Interest.Off, Interest.Mine, Interest.Team];

    private static IQueryable<Notification> Mine(StudioDb db, UserInfo me) => db.Notifications.Where(row => row.UserId == me.Id && row.Event!.TeamId == me.TeamId);
}
