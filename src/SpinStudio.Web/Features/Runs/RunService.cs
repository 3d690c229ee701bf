using SpinStudio.Data;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Runs of the current user's team. Refusals are <see cref="Errors.StudioException"/>.</summary>
public sealed class RunService
{
    /// <summary>Newest first.</summary>
    /// <param name="search">Only runs whose name contains this, whatever the case.</param>
    public Task<Page<RunSummary>> ListAsync(int skip = 0, int take = 50, string? search = null, RunStatus? status = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Running first, then the queue in its order.</summary>
    public Task<IReadOnlyList<RunSummary>> ActiveAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<RunDetail> GetAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<RunSummary> SummaryAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>What would happen, without doing it.</summary>
    public Task<RunPlan> PlanAsync(NewRun run, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Creates and queues a run. A repeated client request id returns the run of the first request.</summary>
    public Task<RunSummary> CreateAsync(NewRun run, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Stop and save: a waiting run leaves the queue, a running one writes a checkpoint and ends; both can be resumed.</summary>
    public Task<RunSummary> StopAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Queues a stopped or failed run again; it continues from its last checkpoint.</summary>
    public Task<RunSummary> ResumeAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Bytes that deleting would free: show them in the confirmation.</summary>
    public Task<long> BytesOnDiskAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Deletes an ended run with its folder and models. <paramref name="confirmedName"/> has to be the run's name.</summary>
    public Task DeleteAsync(Guid id, string confirmedName, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The last lines of the engine's output.</summary>
    public Task<IReadOnlyList<string>> LogTailAsync(Guid id, int lines = 200, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<RunFile>> FilesAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();
}
