namespace SpinStudio.Web.Features.Runs.Queue;

internal static class QueueEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/queue").WithTags("Queue");
        group.MapGet("", (QueueService queue, CancellationToken cancellation) => queue.GetAsync(cancellation)).WithSummary("Runs that wait, in their order, with the expected start.");
        group.MapPost("/pause", (QueueService queue, CancellationToken cancellation) => queue.PauseAsync(cancellation)).WithSummary("Starts nothing more; runs that work go on. Kept over restarts.");
        group.MapPost("/open", (QueueService queue, CancellationToken cancellation) => queue.OpenAsync(cancellation)).WithSummary("Starts waiting runs again.");
        group.MapPost("/{id:guid}/move", (Guid id, QueueMove move, QueueService queue, CancellationToken cancellation) => queue.MoveAsync(id, move.Place, cancellation))
            .WithSummary("Puts a waiting run at a place, from 1; place 1 runs next.");
        group.MapPost("/{id:guid}/hold", (Guid id, QueueService queue, CancellationToken cancellation) => queue.HoldAsync(id, cancellation)).WithSummary("Keeps a waiting run from being started.");
        group.MapPost("/{id:guid}/release", (Guid id, QueueService queue, CancellationToken cancellation) => queue.ReleaseAsync(id, cancellation)).WithSummary("Lets a held run start when its turn comes.");
    }
}
