using Microsoft.AspNetCore.SignalR;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Hubs;

/// <summary>What a browser hears. Everything is written in snake_case, events exactly as in the journal.</summary>
public interface IRunClient
{
    /// <summary>Journal events of a joined run, in order, none missing, none twice, and the run's state now.</summary>
    Task Events(Guid runId, RunSummary run, IReadOnlyList<JournalEvent> events);

    /// <summary>A run of the team changed state, was created, or (null) deleted. After <c>JoinAll</c>.</summary>
    Task RunChanged(Guid runId, RunSummary? run);
}

/// <summary>Live runs for browsers, at <c>/hubs/runs</c>.</summary>
public sealed class RunHub : Hub<IRunClient>
{
    /// <summary>Replays what came after <paramref name="lastSeq"/>, then goes on live. Joining again replaces the subscription.</summary>
    public Task Join(Guid runId, long lastSeq) => throw new NotImplementedException();

    public Task Leave(Guid runId) => throw new NotImplementedException();

    /// <summary>State changes of all runs of the user's team.</summary>
    public Task JoinAll() => throw new NotImplementedException();

    public Task LeaveAll() => throw new NotImplementedException();
}
