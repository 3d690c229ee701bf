namespace SpinStudio.Web.Features.Models;

/// <param name="RunId">The run that made it; null for a bundled model.</param>
/// <param name="Iteration">The iteration of that run.</param>
/// <param name="ParentId">The model which that run started from.</param>
public sealed record ModelSummary(
    Guid Id, string Name, string Architecture, long Parameters, long Bytes, string Sha256, bool Bundled, Guid? ParentId, string? ParentName,
    Guid? RunId, string? RunName, int? Iteration, DateTimeOffset CreatedAt);

/// <summary>Models of the current user's team. A model is downloaded from <c>/api/v1/models/{id}/download</c>.</summary>
public sealed class ModelService
{
    public Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<ModelSummary> GetAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();
}
