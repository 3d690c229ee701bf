using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Models;

internal static class ModelEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var models = api.MapGroup("/models").WithTags("Models");
        models.MapGet("", (ModelService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Models of the team, newest first.");
        models.MapGet("/{id:guid}", (Guid id, ModelService service, CancellationToken cancellation) => service.GetAsync(id, cancellation));
        models.MapGet("/{id:guid}/download", async (Guid id, ModelService service, CancellationToken cancellation) =>
            {
                var (name, folder) = await service.FolderAsync(id, cancellation);
                return new FolderZip(folder, name);
            })
            .WithSummary("The model as a zip of its Hugging Face folder.")
            .Produces(StatusCodes.Status200OK, contentType: "application/zip");
    }
}
