using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Live;

/// <summary>News of a run: its state now, and the journal events since the update before, in order, none missing, none twice.</summary>
public sealed record RunUpdate(RunSummary Run, IReadOnlyList<JournalEvent> Events);

/// <summary>Live news for components. Callbacks of one subscription never overlap; they run off the component's thread, so use <c>InvokeAsync</c>.</summary>
public sealed class LiveRuns
{
    /// <summary>Events after <paramref name="lastSeq"/>: first those already in the journal, in batches, then the live ones.</summary>
    public Task<IAsyncDisposable> SubscribeAsync(Guid runId, long lastSeq, Func<RunUpdate, Task> onUpdate, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>State changes of all runs of the current user's team, without events; also when a run is created or deleted.</summary>
    public Task<IAsyncDisposable> SubscribeAllAsync(Func<RunsChanged, Task> onChange, CancellationToken cancellation = default) => throw new NotImplementedException();
}

/// <param name="Run">Its state now; null when it was deleted.</param>
public sealed record RunsChanged(Guid RunId, RunSummary? Run);
