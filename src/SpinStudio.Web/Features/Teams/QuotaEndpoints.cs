namespace SpinStudio.Web.Features.Teams;

internal static class QuotaEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var quotas = api.MapGroup("").WithTags("Team");
        quotas.MapGet("/team/usage", (Quotas service, CancellationToken cancellation) => service.UsageAsync(cancellation)).WithSummary("What the current team uses of the machine, and what it may.");
        quotas.MapGet("/teams/usage", (Quotas service, CancellationToken cancellation) => service.AllAsync(cancellation)).WithSummary("The same of all teams. For Admins of the studio's first team.");
        quotas.MapPut("/teams/{id:guid}/quota", async (Guid id, Quota quota, Quotas service, CancellationToken cancellation) =>
        {
            await service.SetAsync(id, quota, cancellation);
            return Results.NoContent();
        }).WithSummary("Sets a team's quotas; what is left out is without limit. For Admins of the studio's first team.").Produces(StatusCodes.Status204NoContent);
    }
}
