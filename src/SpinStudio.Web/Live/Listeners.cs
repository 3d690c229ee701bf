using System.Collections.Concurrent;
using System.Threading.Channels;

namespace SpinStudio.Web.Live;

/// <summary>Who listens to news in this process. Telling never waits for a listener: a slow one loses its oldest news.</summary>
/// <param name="backlog">News that a listener may lag behind.</param>
internal sealed class Listeners<T>(int backlog)
{
    private readonly ConcurrentDictionary<Listener, Predicate<T>> all = new();

    /// <summary>Listens until it is disposed of.</summary>
    /// <param name="wanted">Which news it hears.</param>
    public Listener Add(Predicate<T> wanted)
    {
        var listener = new Listener(this, Channel.CreateBounded<T>(new BoundedChannelOptions(backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }));
        all[listener] = wanted;
        return listener;
    }

    public void Tell(T news)
    {
        foreach (var (listener, wanted) in all)
        {
            if (wanted(news))
            {
                listener.Channel.Writer.TryWrite(news);
            }
        }
    }

    internal sealed class Listener(Listeners<T> listeners, Channel<T> channel) : IDisposable
    {
        public Channel<T> Channel { get; } = channel;

        public void Dispose()
        {
            listeners.all.TryRemove(this, out _);
            Channel.Writer.TryComplete();
        }
    }
}
