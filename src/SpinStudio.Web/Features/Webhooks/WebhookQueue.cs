using System.Threading.Channels;

namespace SpinStudio.Web.Features.Webhooks;

/// <summary>Tells the sender that there is something new to send. The queue itself is the database.</summary>
public sealed class WebhookQueue
{
    private readonly Channel<bool> woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    internal void Wake() => woken.Writer.TryWrite(true);

    /// <summary>Until something is new or the time is over.</summary>
    internal async Task WaitAsync(TimeSpan most, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(most);
        try
        {
            await woken.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The time is over: look again.
        }
    }
}
