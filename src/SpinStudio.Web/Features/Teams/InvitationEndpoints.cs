namespace SpinStudio.Web.Features.Teams;

internal static class InvitationEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var invitations = api.MapGroup("/invitations").WithTags("Team");
        invitations.MapGet("", (Invitations service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Invitations of the team with who joined by them, newest first. For Admins.");
        invitations.MapPost("", (NewInvitation wanted, Invitations service, CancellationToken cancellation) => service.CreateAsync(wanted, cancellation))
            .WithSummary("Makes a link by which people join with a role. Its path is told this once.");
        invitations.MapDelete("/{id:guid}", async (Guid id, Invitations service, CancellationToken cancellation) =>
        {
            await service.RevokeAsync(id, cancellation);
            return Results.NoContent();
        }).WithSummary("Revokes an invitation at once; who has joined stays.").Produces(StatusCodes.Status204NoContent);
        invitations.MapPost("/join", async (InvitationAnswer answer, Invitations service, CancellationToken cancellation) =>
        {
            await service.JoinAsync(answer, cancellation);
            return Results.NoContent();
        }).RequireRateLimiting(Security.SecretLinks.Limit).WithSummary("Joins another team by an invitation's token. Not with an API token.").Produces(StatusCodes.Status204NoContent);
    }
}
