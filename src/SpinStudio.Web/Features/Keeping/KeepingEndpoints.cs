using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Keeping;

internal static class KeepingEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Runs");
        runs.MapGet("/{id:guid}/keeping", (Guid id, RunKeeping keeping, CancellationToken cancellation) => keeping.GetAsync(id, cancellation)).WithSummary("Tags, notes, pin, archive and trash of a run.");
        runs.MapGet("/{id:guid}/notes", async (Guid id, RunKeeping keeping, CancellationToken cancellation) =>
            (await keeping.GetAsync(id, cancellation)).Notes is var text ? new RunNotes(text, SafeMarkdown.ToHtml(text)) : null).WithSummary("The notes as written, and as sanitised HTML.");

        var change = runs.MapGroup("").RequireAuthorization(Policies.Runner);
        change.MapPut("/{id:guid}/notes", async (Guid id, NotesChange notes, RunKeeping keeping, CancellationToken cancellation) =>
        {
            await keeping.WriteNotesAsync(id, notes, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Writes the notes; with was they are refused when somebody else changed them meanwhile.");
        change.MapPut("/{id:guid}/name", async (Guid id, NameChange name, RunKeeping keeping, CancellationToken cancellation) =>
        {
            await keeping.RenameAsync(id, name.Name, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Renames a run.");
        change.MapDelete("/{id:guid}", async (Guid id, RunKeeping keeping, CancellationToken cancellation) =>
        {
            await keeping.ChangeAsync(id, RunChange.Trash, cancellation: cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Puts an ended run into the trash; it can be restored.");
        change.MapPost("/change", (ChangeRuns request, RunKeeping keeping, CancellationToken cancellation) => keeping.ChangeAsync(request, cancellation))
            .WithSummary("Does the same to many runs: tag, untag, pin, unpin, archive, unarchive, trash or restore.");
        change.MapPost("/purge/preview", (PurgeRuns request, RunPurge purge, CancellationToken cancellation) => purge.PreviewAsync(request.Ids, cancellation)).WithSummary("What purging would free; nothing is deleted.");
        change.MapPost("/purge", (PurgeRuns request, RunPurge purge, CancellationToken cancellation) => purge.PurgeAsync(request, cancellation))
            .WithSummary("Deletes the files of runs in the trash for good; count has to be the number of ids.");
        api.MapGet("/tags", (RunKeeping keeping, CancellationToken cancellation) => keeping.TagsAsync(cancellation)).WithTags("Runs").WithSummary("The team's tags, the most used first.");
    }
}
