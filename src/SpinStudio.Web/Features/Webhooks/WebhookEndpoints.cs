using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Webhooks;

internal static class WebhookEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var hooks = api.MapGroup("/webhooks").WithTags("Webhooks").RequireAuthorization(Policies.Admin);
        hooks.MapGet("", (WebhookService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Webhooks of the team, oldest first.");
        hooks.MapPost("", async (NewWebhook wanted, WebhookService service, CancellationToken cancellation) =>
            Results.Created("/api/v1/webhooks", await service.CreateAsync(wanted, cancellation)))
            .WithSummary("Adds an address that is told of events. Its secret is shown this once.").Produces<CreatedWebhook>(StatusCodes.Status201Created);
        hooks.MapPatch("/{id:guid}", (Guid id, WebhookChange change, WebhookService service, CancellationToken cancellation) => service.ChangeAsync(id, change, cancellation))
            .WithSummary("Changes address or events, or switches it off or on again.");
        hooks.MapDelete("/{id:guid}", async (Guid id, WebhookService service, CancellationToken cancellation) =>
        {
            await service.DeleteAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes a webhook with its log.").Produces(StatusCodes.Status204NoContent);
        hooks.MapGet("/{id:guid}/deliveries", (Guid id, WebhookService service, CancellationToken cancellation) => service.DeliveriesAsync(id, cancellation)).WithSummary("The newest deliveries with their answers.");
        hooks.MapPost("/{id:guid}/test", (Guid id, WebhookService service, CancellationToken cancellation) => service.TestAsync(id, cancellation)).WithSummary("Sends a test event.");
    }
}
