using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Web.Features.Datasets;

internal static class DatasetEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var datasets = api.MapGroup("/datasets").WithTags("Datasets");
        MapReading(datasets);
        MapMaking(datasets);
    }

    private static void MapReading(RouteGroupBuilder datasets)
    {
        datasets.MapGet("", (DatasetService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Datasets of the team, newest first.");
        datasets.MapGet("/{id:guid}", (Guid id, DatasetService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("A dataset with its versions and the runs that use it.");
        datasets.MapGet("/{id:guid}/rows", (Guid id, DatasetRows rows, CancellationToken cancellation, int skip = 0, int take = 50, int? version = null, [FromQuery(Name = "held_out")] bool heldOut = false) =>
            rows.PageAsync(id, skip, take, version, heldOut, cancellation)).WithSummary("Rows of a version, by page.");
        datasets.MapGet("/{id:guid}/rows/{row:int}/raw", async (Guid id, int row, DatasetRows rows, CancellationToken cancellation, int? version = null, [FromQuery(Name = "held_out")] bool heldOut = false) =>
            Results.Text(await rows.RawAsync(id, row, version, heldOut, cancellation), "application/json")).WithSummary("A row as it is in the file.").Produces<JsonElement>();
        datasets.MapGet("/{id:guid}/search", (Guid id, DatasetRows rows, CancellationToken cancellation, string? q = null, int from = 1, int take = 50, int? version = null, [FromQuery(Name = "held_out")] bool heldOut = false) =>
            rows.SearchAsync(id, q, from, take, version, heldOut, cancellation)).WithSummary("Rows that contain a text. Ends after about a second; next tells the row to go on from.");
        datasets.MapGet("/{id:guid}/statistics", (Guid id, DatasetReports reports, CancellationToken cancellation, int? version = null, Guid? model = null, [FromQuery(Name = "max_prompt_length")] int? maxPromptLength = null,
            [FromQuery(Name = "max_length")] int? maxLength = null, [FromQuery(Name = "max_new_tokens")] int? maxNewTokens = null) =>
            reports.GetAsync(id, version, model, Limits(maxPromptLength, maxLength, maxNewTokens), cancellation: cancellation))
            .WithSummary("Lengths, repeats and overlap of a version, in figures and words. What is not computed yet is begun; ask again while progress is given.");
        datasets.MapGet("/{id:guid}/download", async (Guid id, DatasetVersions versions, CancellationToken cancellation, int? version = null, [FromQuery(Name = "held_out")] bool heldOut = false, string format = "jsonl") =>
        {
            var found = await versions.FindAsync(id, version, cancellation);
            var asked = Enum.TryParse<DatasetExportFormat>(format, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known
                : throw new Errors.StudioException(Errors.Refusal.Invalid, $"There is no format {format}; choose jsonl, csv or spin.");
            var (file, _) = await versions.FileAsync(id, found.Number, heldOut, cancellation);
            return new DatasetExport(file, found.Dataset!.Name + (heldOut ? "-held-out" : ""), asked);
        }).WithSummary("A version as canonical JSON Lines, as CSV, or in the layout of the official SPIN code.").Produces<Stream>(200, "application/jsonl");
    }

    private static void MapMaking(RouteGroupBuilder datasets)
    {
        datasets.MapPost("/preview", (PreviewRequest request, DatasetService service, CancellationToken cancellation) =>
            service.PreviewAsync(request.UploadIds, request.Mapping, request.MostRows ?? int.MaxValue, cancellation: cancellation)).WithSummary("Reads completed uploads without keeping anything.");
        datasets.MapPost("", async (ImportRequest request, DatasetService service, CancellationToken cancellation) =>
        {
            var dataset = await service.ImportAsync(request, cancellation: cancellation);
            return Results.Created($"/api/v1/datasets/{dataset.Id}", dataset);
        }).WithSummary("Makes a dataset, or a new version of one, of completed uploads. All or nothing.").Produces<DatasetSummary>(StatusCodes.Status201Created);
        datasets.MapPost("/sample", async (DatasetService service, CancellationToken cancellation) =>
        {
            var dataset = await service.AddSampleAsync(cancellation);
            return Results.Created($"/api/v1/datasets/{dataset.Id}", dataset);
        }).WithSummary("Adds the bundled sample dataset.").Produces<DatasetSummary>(StatusCodes.Status201Created);
        datasets.MapPost("/{id:guid}/derive", async (Guid id, DerivationRequest request, DatasetDerivation derivation, CancellationToken cancellation) =>
        {
            var dataset = await derivation.DeriveAsync(id, request, cancellation);
            return Results.Created($"/api/v1/datasets/{dataset.Id}", dataset);
        }).WithSummary("Splits, samples, merges or removes duplicates: makes a new version, or a new dataset when a name is given.").Produces<DatasetSummary>(StatusCodes.Status201Created);
        datasets.MapPatch("/{id:guid}", (Guid id, DatasetChange change, DatasetService service, CancellationToken cancellation) => service.ChangeAsync(id, change, cancellation))
            .WithSummary("Renames or describes a dataset.");
        datasets.MapDelete("/{id:guid}", async (Guid id, DatasetService service, CancellationToken cancellation) =>
        {
            await service.DeleteAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes a dataset that no run uses.");
        datasets.MapDelete("/{id:guid}/versions/{number:int}", async (Guid id, int number, DatasetService service, CancellationToken cancellation) =>
        {
            await service.DeleteVersionAsync(id, number, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes a version that no run uses.");
    }

    private static LengthLimits Limits(int? maxPromptLength, int? maxLength, int? maxNewTokens)
    {
        var usual = DatasetReports.UsualLimits;
        return new LengthLimits(maxPromptLength ?? usual.MaxPromptLength, maxLength ?? usual.MaxLength, maxNewTokens ?? usual.MaxNewTokens);
    }

    /// <param name="MostRows">Rows of each file after which it ends; null: all.</param>
    internal sealed record PreviewRequest(IReadOnlyList<Guid> UploadIds, ImportMapping? Mapping = null, int? MostRows = null);
}
