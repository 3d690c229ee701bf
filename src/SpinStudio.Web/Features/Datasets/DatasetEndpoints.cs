using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Datasets;

internal static class DatasetEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var datasets = api.MapGroup("/datasets").WithTags("Datasets");

        datasets.MapGet("", (DatasetService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Datasets of the team, newest first.");
        datasets.MapGet("/{id:guid}", (Guid id, DatasetService service, CancellationToken cancellation) => service.GetAsync(id, cancellation));
        datasets.MapGet("/{id:guid}/rows", (Guid id, DatasetService service, CancellationToken cancellation, int skip = 0, int take = 50, string? search = null) =>
            service.RowsAsync(id, skip, take, search, cancellation)).WithSummary("Rows of the newest version, by page.");
        datasets.MapGet("/{id:guid}/download", async (Guid id, DatasetService service, CancellationToken cancellation) =>
        {
            var (name, file) = await service.FileAsync(id, cancellation);
            return Results.File(file, "application/jsonl", SafeName.Of(name) + ".jsonl");
        }).WithSummary("The newest version as canonical JSON Lines.");

        datasets.MapPost("/preview", (PreviewRequest request, DatasetService service, CancellationToken cancellation) => service.PreviewAsync(request.UploadId, request.Mapping, cancellation))
            .WithSummary("Reads a completed upload without keeping anything.");
        datasets.MapPost("", async (ImportRequest request, DatasetService service, CancellationToken cancellation) =>
        {
            var dataset = await service.ImportAsync(request, cancellation);
            return Results.Created($"/api/v1/datasets/{dataset.Id}", dataset);
        }).WithSummary("Makes a dataset, or a new version of one, of a completed upload. All or nothing.").Produces<DatasetSummary>(StatusCodes.Status201Created);
        datasets.MapDelete("/{id:guid}", async (Guid id, DatasetService service, CancellationToken cancellation) =>
        {
            await service.DeleteAsync(id, cancellation);
            return Results.NoContent();
        }).WithSummary("Deletes a dataset that no run uses.");
    }

    internal sealed record PreviewRequest(Guid UploadId, ImportMapping? Mapping = null);
}
