namespace SpinStudio.Web.Features.Datasets;

/// <summary>Datasets of the current user's team. Refusals are <see cref="Errors.StudioException"/>.</summary>
public sealed class DatasetService
{
    public Task<IReadOnlyList<DatasetSummary>> ListAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<DatasetDetail> GetAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <param name="search">Only rows whose prompt or response contains this, whatever the case.</param>
    public Task<Page<DatasetRow>> RowsAsync(Guid id, int skip, int take, string? search = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Reads a completed upload without keeping anything. <paramref name="mapping"/> null: recognise the layout.</summary>
    public Task<ImportPreview> PreviewAsync(Guid uploadId, ImportMapping? mapping = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>All or nothing: the dataset version exists with its hash afterwards, or nothing changed. The upload is used up.</summary>
    public Task<DatasetSummary> ImportAsync(ImportRequest request, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Refused while a run uses it.</summary>
    public Task DeleteAsync(Guid id, CancellationToken cancellation = default) => throw new NotImplementedException();
}
