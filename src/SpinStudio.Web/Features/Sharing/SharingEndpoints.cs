using Microsoft.AspNetCore.Http.HttpResults;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Sharing;

internal static class SharingEndpoints
{
    public static void AddSharing(this IServiceCollection services) => services.AddScoped<ShareLinks>();

    /// <summary>The page that a link leads to. The only thing of a run that can be seen without an account.</summary>
    public static void MapPublic(IEndpointRouteBuilder routes) => routes.MapGet("/s/{token}", async Task<IResult> (string token, ShareLinks links, HttpContext context, CancellationToken cancellation) =>
    {
        var headers = context.Response.Headers;
        headers["X-Robots-Tag"] = "noindex, nofollow, noarchive";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        var report = token.Length <= SecretLinks.LongestToken ? await links.OpenAsync(token, cancellation) : null;
        return new RazorComponentResult<SharedPage>(new Dictionary<string, object?> { [nameof(SharedPage.Report)] = report })
        {
            StatusCode = report is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }).AllowAnonymous().RequireRateLimiting(SecretLinks.Limit).ExcludeFromDescription();

    public static void Map(RouteGroupBuilder api)
    {
        var links = api.MapGroup("").WithTags("Sharing").RequireAuthorization(Policies.Runner);
        links.MapGet("/runs/{id:guid}/links", (Guid id, ShareLinks service, CancellationToken cancellation) => service.ListAsync(id, cancellation)).WithSummary("Share links of a run, newest first.");
        links.MapPost("/runs/{id:guid}/links", (Guid id, NewShareLink wanted, ShareLinks service, CancellationToken cancellation) => service.CreateAsync(id, wanted, cancellation))
            .WithSummary("Makes a link that shows the run without an account. Its path is told this once.");
        links.MapGet("/links", (ShareLinks service, CancellationToken cancellation) => service.ListAsync(null, cancellation)).WithSummary("Share links of the team, newest first.");
        links.MapDelete("/links/{id:guid}", async (Guid id, ShareLinks service, CancellationToken cancellation) =>
        {
            await service.RevokeAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Revokes a link at once.");
        api.MapGet("/sharing", (ShareLinks service, CancellationToken cancellation) => service.StateAsync(cancellation)).WithTags("Sharing").WithSummary("Whether share links open.");
        api.MapPut("/sharing", async (SharingSwitch wanted, ShareLinks service, CancellationToken cancellation) =>
        {
            await service.SwitchAsync(wanted, cancellation);
            return TypedResults.NoContent();
        }).RequireAuthorization(Policies.Admin).WithTags("Sharing").WithSummary("Stops or allows all links of the team or of the studio.");
    }
}
