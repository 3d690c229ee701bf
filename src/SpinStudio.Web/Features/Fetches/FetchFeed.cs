using System.Collections.Concurrent;
using System.Threading.Channels;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>Hands news of downloads to the pages that show them. Publishing never waits for a page.</summary>
public sealed class FetchFeed
{
    /// <summary>Each update is the whole state, so that a slow page may miss some.</summary>
    private const int Backlog = 64;

    private readonly ConcurrentDictionary<Listener, bool> listeners = new();

    internal Listener Listen(Guid teamId)
    {
        var listener = new Listener(this, teamId, Channel.CreateBounded<FetchInfo>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }));
        listeners[listener] = true;
        return listener;
    }

    internal void Publish(Guid teamId, FetchInfo fetch)
    {
        foreach (var (listener, _) in listeners)
        {
            if (listener.TeamId == teamId)
            {
                listener.Channel.Writer.TryWrite(fetch);
            }
        }
    }

    internal sealed class Listener(FetchFeed feed, Guid teamId, Channel<FetchInfo> channel) : IDisposable
    {
        public Guid TeamId { get; } = teamId;

        public Channel<FetchInfo> Channel { get; } = channel;

        public void Dispose()
        {
            feed.listeners.TryRemove(this, out _);
            Channel.Writer.TryComplete();
        }
    }
}
