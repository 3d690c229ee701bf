using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Live;

/// <summary>A loop that runs until it is disposed of.</summary>
internal sealed class Subscription : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;

    public Subscription(ILogger logger, Func<CancellationToken, Task> body)
    {
        loop = Task.Run(async () =>
        {
            try
            {
                await body(stopping.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or StudioException)
            {
                logger.LogDebug("A live subscription was left: {Reason}", ended.Message);
            }
#pragma warning disable CA1031 // A listener's own error ends its subscription and must not reach whoever publishes.
            catch (Exception error)
#pragma warning restore CA1031
            {
                logger.LogWarning(error, "A live subscription ended");
            }
        });
    }

    /// <summary>Does not wait for a callback that is under way: it may be waiting for the very thread that disposes.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        _ = loop.ContinueWith(_ => stopping.Dispose(), TaskScheduler.Default);
    }
}
