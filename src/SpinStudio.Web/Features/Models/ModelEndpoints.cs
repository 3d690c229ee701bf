using SpinStudio.Data;
using SpinStudio.Engine.Export;
using SpinStudio.Web.Features.Downloads;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Models;

internal static class ModelEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var models = api.MapGroup("/models").WithTags("Models");
        models.MapGet("", (ModelService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Models of the team, newest first.");
        models.MapGet("/search", (ModelService service, CancellationToken cancellation, string? search = null, string? origin = null, string? order = null, int skip = 0, int take = 50) =>
            service.FindAsync(search, Parsed<ModelOrigin>(origin, "origin"), Parsed<ModelOrder>(order, "order") ?? ModelOrder.Newest, skip, take, cancellation)).WithSummary("Models by name, source or note, and by origin, a page at a time.");
        models.MapGet("/{id:guid}", (Guid id, ModelService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("A model in short.");
        models.MapGet("/{id:guid}/card", (Guid id, ModelService service, CancellationToken cancellation) => service.DetailAsync(id, cancellation))
            .WithSummary("Shape, tokenizer, memory, files with their hashes, and the runs that need it.");
        models.MapPost("", async (NewModel model, ModelService service, CancellationToken cancellation) =>
            {
                var added = await service.AddAsync(model, cancellation);
                return Results.Created($"/api/v1/models/{added.Model.Id}", added);
            })
            .WithSummary("Makes a model of completed uploads: one zip, or the files of a folder. Checked whole before it appears.")
            .Produces<ModelAdded>(StatusCodes.Status201Created);
        models.MapPatch("/{id:guid}", (Guid id, ModelChange change, ModelService service, CancellationToken cancellation) => service.ChangeAsync(id, change, cancellation)).WithSummary("Renames it, or changes its note.");
        models.MapDelete("/{id:guid}", async (Guid id, ModelService service, CancellationToken cancellation) =>
            {
                await service.DeleteAsync(id, cancellation);
                return TypedResults.NoContent();
            })
            .WithSummary("Deletes a model with its files; refused while a run needs it.");
        models.MapPost("/{id:guid}/preview", (Guid id, TemplatePreviewRequest request, ModelService service, CancellationToken cancellation) => service.PreviewAsync(id, request, cancellation))
            .WithSummary("A conversation as the model sees it: text, tokens, and what of them is trained on.");
        models.MapPost("/{id:guid}/promote", async (Guid id, Promotion promotion, ModelService service, CancellationToken cancellation) =>
                Promoted(await service.PromoteAsync(id, promotion, cancellation)))
            .WithSummary("Copies an iteration's model under a name of its own.").Produces<ModelSummary>(StatusCodes.Status201Created);
        api.MapPost("/runs/{id:guid}/iterations/{iteration:int}/promote", async (Guid id, int iteration, Promotion promotion, ModelService service, CancellationToken cancellation) =>
                Promoted(await service.PromoteAsync(id, iteration, promotion, cancellation)))
            .WithTags("Models").WithSummary("Promotes the model that an iteration made.").Produces<ModelSummary>(StatusCodes.Status201Created);
        models.MapGet("/{id:guid}/download", async Task<IResult> (Guid id, ModelService service, CancellationToken cancellation, string format = "hf", string type = "f16") =>
            {
                switch (format)
                {
                    case "hf":
                        var (name, folder) = await service.FolderAsync(id, cancellation);
                        return new FolderZip(folder, name);
                    case "gguf":
                        var kind = GgufTypes.Parse(type);
                        var (title, writer) = await service.GgufAsync(id, kind, cancellation);
                        return new GgufDownload(writer, $"{SafeName.Of(title)}-{kind.Name()}.gguf");
                    case "peft":
                        var (owner, adapter) = await service.AdapterAsync(id, cancellation);
                        return new FolderZip(adapter, owner + "-adapter");
                    default:
                        throw new StudioException(Refusal.Invalid, $"format is hf (a zip of the Hugging Face folder), peft (of a run's LoRA adapter) or gguf (got '{format}').");
                }
            })
            .WithSummary("The model as a zip of its Hugging Face folder, its LoRA adapter as a zip in PEFT's layout, or the model as GGUF for llama.cpp (type f32, f16, bf16 or q8_0).")
            .Produces<Stream>(StatusCodes.Status200OK, "application/zip");
    }

    private static IResult Promoted(ModelSummary model) => Results.Created($"/api/v1/models/{model.Id}", model);

    private static T? Parsed<T>(string? text, string name) where T : struct, Enum => string.IsNullOrEmpty(text) ? null
        : Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
        : throw new StudioException(Refusal.Invalid, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()} (got '{text}').");
}
