namespace SpinStudio.Web.Features.Tokens;

internal static class TokenEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Tokens");
        tokens.MapGet("", (bool? everybody, ApiTokens service, CancellationToken cancellation) => service.ListAsync(everybody ?? false, cancellation))
            .WithSummary("Your tokens in this team, newest first; with everybody=true those of the whole team, for Admins.");
        tokens.MapPost("", (NewToken wanted, ApiTokens service, CancellationToken cancellation) => service.CreateAsync(wanted, cancellation))
            .WithSummary("Makes a token (scope read, vote, run or admin). Its secret is told this once. Not with a token.");
        tokens.MapDelete("/{id:guid}", async (Guid id, ApiTokens service, CancellationToken cancellation) =>
        {
            await service.RevokeAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Revokes a token at once.").Produces(StatusCodes.Status204NoContent);
    }
}
