namespace SpinStudio.Web.Features.Notifications;

internal static class NotificationEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var notifications = api.MapGroup("/notifications").WithTags("Notifications");
        notifications.MapGet("", (NotificationService service, CancellationToken cancellation, int skip = 0, int take = NotificationService.PageSize, bool unread = false) =>
            service.ListAsync(skip, take, unread, cancellation)).WithSummary("What you are told of, newest first.");
        notifications.MapGet("/unread", async (NotificationService service, CancellationToken cancellation) => new UnreadCount(await service.UnreadAsync(cancellation))).WithSummary("How many notifications are not read.");
        notifications.MapPost("/read", async (NotificationService service, CancellationToken cancellation, Guid? id = null) =>
        {
            await service.ReadAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Marks one notification as read, or all.").Produces(StatusCodes.Status204NoContent);
        notifications.MapGet("/choices", (NotificationService service, CancellationToken cancellation) => service.ChoicesAsync(cancellation)).WithSummary("What you want to be told of, by kind.");
        notifications.MapPut("/choices", (Dictionary<string, Interest> wanted, NotificationService service, CancellationToken cancellation) => service.ChooseAsync(wanted, cancellation))
            .WithSummary("Chooses off, mine or team for the kinds that are named.");
    }
}
