using Microsoft.AspNetCore.Components;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Components;

/// <summary>A page that reads from the services and shows their refusals beside what caused them.</summary>
public abstract class StudioPage : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource gone = new();
    private readonly List<IAsyncDisposable> subscriptions = [];
    private Task turnBefore = Task.CompletedTask;

    protected StudioPage() => Gone = gone.Token;

    [Inject]
    protected NavigationManager Navigation { get; set; } = default!;

    /// <summary>The last refusal; null when all went well.</summary>
    protected string? Refused { get; set; }

    /// <summary>True while <see cref="TryAsync"/> works.</summary>
    protected bool Busy { get; private set; }

    /// <summary>Cancelled when the page is left.</summary>
    protected CancellationToken Gone { get; }

    /// <summary>Runs <paramref name="work"/>; a refusal becomes <see cref="Refused"/>, a missing thing the 404 page.</summary>
    /// <returns>Whether it went well.</returns>
    protected async Task<bool> TryAsync(Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Busy = true;
        Refused = null;
        try
        {
            await work();
            return true;
        }
        catch (StudioException refusal) when (refusal.Refusal == Refusal.NotFound)
        {
            Navigation.NotFound();
        }
        catch (StudioException refusal)
        {
            Refused = refusal.Message;
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The page was left while it loaded: nobody is there to tell.
        }
        finally
        {
            Busy = false;
        }

        return false;
    }

    /// <summary><see cref="TryAsync"/>, one after the other: whoever goes on quickly must not be shown what a slower, earlier load brings.</summary>
    protected async Task<bool> TryInTurnAsync(Func<Task> work)
    {
        var (before, mine) = (turnBefore, new TaskCompletionSource());
        turnBefore = mine.Task;
        await before;
        try
        {
            return await TryAsync(work);
        }
        finally
        {
            mine.SetResult();
        }
    }

    /// <summary>Does <paramref name="work"/> again and again and shows what came of it, until the page is left.</summary>
    protected async Task EveryAsync(TimeSpan period, Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(Gone))
            {
                await work();
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The page was left: that is the end of it.
        }
    }

    /// <summary>Keeps a live subscription until the page is left.</summary>
    protected async Task KeepAsync(Task<IAsyncDisposable> subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var opened = await subscription;
        if (gone.IsCancellationRequested)
            await opened.DisposeAsync();
        else
            subscriptions.Add(opened);
    }

    /// <summary>Ends the present live subscriptions, before opening others.</summary>
    protected async Task DropSubscriptionsAsync()
    {
        foreach (var subscription in subscriptions)
            await subscription.DisposeAsync();
        subscriptions.Clear();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await gone.CancelAsync();
        await DropSubscriptionsAsync();
        gone.Dispose();
        GC.SuppressFinalize(this);
    }
}
