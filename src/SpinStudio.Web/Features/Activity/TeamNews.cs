using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SpinStudio.Data;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Activity;

/// <summary>Tells that something happened in a team, whenever an entry of the audit log or an event was saved, whoever wrote it.</summary>
public sealed class TeamNews : SaveChangesInterceptor
{
    private readonly Listeners<Guid> listeners = new(backlog: 1);

    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        Remember(eventData);
        return result;
    }

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        Remember(eventData);
        return ValueTask.FromResult(result);
    }

    /// <summary>A listener hears once, however much happens before it looks.</summary>
    internal Listeners<Guid>.Listener Listen(Guid team) => listeners.Add(told => told == team);

    /// <summary>For changes that pass by the change tracker.</summary>
    internal void Tell(Guid team) => listeners.Tell(team);

    /// <summary>Told before the save is committed; listeners wait a moment before they look.</summary>
    private void Remember(DbContextEventData eventData)
    {
        if (eventData.Context is { } db)
        {
            var deeds = db.ChangeTracker.Entries<AuditEntry>().Where(entry => entry.State == EntityState.Added).Select(entry => entry.Entity.TeamId);
            var events = db.ChangeTracker.Entries<TeamEvent>().Where(entry => entry.State == EntityState.Added).Select(entry => (Guid?)entry.Entity.TeamId);
            foreach (var team in deeds.Concat(events).OfType<Guid>().Distinct())
            {
                listeners.Tell(team);
            }
        }
    }
}

/// <summary>Subscriptions of pages to what the current user's team does.</summary>
public sealed class LiveTeam(TeamNews news, CurrentUser currentUser, ILogger<LiveTeam> logger)
{
    /// <summary>Long enough for a save to be committed; short enough to be at once.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(400);

    public async Task<IAsyncDisposable> SubscribeAsync(Func<Task> onNews, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var listener = news.Listen(me.TeamId);
        return new Subscription(logger, async stopping =>
        {
            using (listener)
            {
                await foreach (var _ in listener.Channel.Reader.ReadAllAsync(stopping))
                {
                    await Task.Delay(Moment, stopping);
                    await currentUser.RequireAsync(TeamRole.Viewer, stopping);
                    await onNews();
                }
            }
        });
    }
}
