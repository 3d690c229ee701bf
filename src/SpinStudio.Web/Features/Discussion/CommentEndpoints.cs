using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Discussion;

internal static class CommentEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var look = api.MapGroup("").WithTags("Comments");
        look.MapGet("/runs/{id:guid}/comments", (Guid id, CommentService comments, CancellationToken cancellation) => comments.ListAsync(id, cancellation)).WithSummary("Comments on a run, oldest first, with sanitised HTML.");
        look.MapGet("/mentions", (CommentService comments, CancellationToken cancellation, int take = 50) => comments.MentionsAsync(take, cancellation)).WithSummary("Comments that address you, unread ones first.");
        look.MapPost("/mentions/read", async (CommentService comments, CancellationToken cancellation, Guid? run = null) =>
        {
            await comments.ReadAsync(run, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Marks your mentions as read: all, or those on one run.");

        var write = look.MapGroup("").RequireAuthorization(Policies.Rater);
        write.MapPost("/runs/{id:guid}/comments", (Guid id, NewComment comment, CommentService comments, CancellationToken cancellation) => comments.AddAsync(id, comment, cancellation))
            .WithSummary("Comments on a run, or on an iteration, a step or a prompt of it; @name addresses a member.");
        write.MapPut("/comments/{id:guid}", (Guid id, NewComment comment, CommentService comments, CancellationToken cancellation) => comments.EditAsync(id, comment.Body, cancellation)).WithSummary("Changes an own comment.");
        write.MapDelete("/comments/{id:guid}", async (Guid id, CommentService comments, CancellationToken cancellation) =>
        {
            await comments.DeleteAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes an own comment; an Admin any.");
    }
}
