using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Hubs;

/// <summary>What a browser hears. Everything is written in snake_case, events exactly as in the journal.</summary>
public interface IRunClient
{
    /// <summary>Journal events of a joined run, in order, none missing, none twice, and the run's state now.</summary>
    Task Events(Guid runId, RunSummary run, IReadOnlyList<JournalEvent> events);

    /// <summary>A run of the team changed state, was created, or (null) deleted. After <c>JoinAll</c>.</summary>
    Task RunChanged(Guid runId, RunSummary? run);
}

/// <summary>Live runs for browsers, at <c>/hubs/runs</c>. Each connection has its own place in each run's journal, so that it can be caught up without gap or double.</summary>
public sealed class RunHub(LiveRuns live, CurrentUser currentUser, IHubContext<RunHub, IRunClient> hub) : Hub<IRunClient>
{
    private const int MostSubscriptions = 50;
    private static readonly Guid All = Guid.Empty;

    /// <summary>Replays what came after <paramref name="lastSeq"/>, then goes on live. Joining again replaces the subscription.</summary>
    public Task Join(Guid runId, long lastSeq)
    {
        // The hub object ends with this call; the connection's proxy does not.
        var client = hub.Clients.Client(Context.ConnectionId);
        return SubscribeAsync(runId, () => live.SubscribeAsync(runId, lastSeq, update => client.Events(runId, update.Run, update.Events)));
    }

    public Task Leave(Guid runId) => UnsubscribeAsync(runId);

    /// <summary>State changes of all runs of the user's team.</summary>
    public Task JoinAll()
    {
        var client = hub.Clients.Client(Context.ConnectionId);
        return SubscribeAsync(All, () => live.SubscribeAllAsync(change => client.RunChanged(change.RunId, change.Run)));
    }

    public Task LeaveAll() => UnsubscribeAsync(All);

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        foreach (var key in Subscriptions.Keys)
        {
            await UnsubscribeAsync(key);
        }

        await base.OnDisconnectedAsync(exception);
    }

    private ConcurrentDictionary<Guid, IAsyncDisposable> Subscriptions
    {
        get
        {
            if (Context.Items.TryGetValue(typeof(RunHub), out var found) && found is ConcurrentDictionary<Guid, IAsyncDisposable> subscriptions)
            {
                return subscriptions;
            }

            subscriptions = new();
            Context.Items[typeof(RunHub)] = subscriptions;
            return subscriptions;
        }
    }

    private async Task SubscribeAsync(Guid key, Func<Task<IAsyncDisposable>> subscribe)
    {
        currentUser.Principal = Context.User;
        await UnsubscribeAsync(key);
        if (Subscriptions.Count >= MostSubscriptions)
        {
            throw new HubException($"This connection already follows {MostSubscriptions} runs; leave one first.");
        }

        try
        {
            Subscriptions[key] = await subscribe();
        }
        catch (StudioException refused)
        {
            throw new HubException(refused.Message);
        }
    }

    private async Task UnsubscribeAsync(Guid key)
    {
        if (Subscriptions.TryRemove(key, out var subscription))
        {
            await subscription.DisposeAsync();
        }
    }
}
