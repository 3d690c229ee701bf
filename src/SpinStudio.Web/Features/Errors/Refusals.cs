using Microsoft.AspNetCore.Antiforgery;
using SpinStudio.Engine;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Errors;

/// <summary>How the API answers a refusal: RFC 9457 problem details whose <c>detail</c> is for people.</summary>
internal static class Refusals
{
    public static TBuilder WithRefusals<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
    {
        try
        {
            await CheckTokenAsync(context.HttpContext);
            return await next(context);
        }
        catch (StudioException refused)
        {
            return Results.Problem(refused.Message, statusCode: Status(refused.Refusal));
        }
        catch (BadInputException refused)
        {
            return Results.Problem(refused.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    });

    private static int Status(Refusal refusal) => refusal switch
    {
        Refusal.NotFound => StatusCodes.Status404NotFound,
        Refusal.Forbidden => StatusCodes.Status403Forbidden,
        Refusal.Conflict => StatusCodes.Status409Conflict,
        Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>The cookie is sent by the browser whoever asks; the antiforgery value is known only to our own pages. Whoever comes with an API token comes without the cookie.</summary>
    private static async Task CheckTokenAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || BearerTokens.LoggedIn(context.User))
        {
            return;
        }

        try
        {
            await context.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(context);
        }
        catch (AntiforgeryValidationException)
        {
            throw new StudioException(Refusal.Invalid, "The header X-CSRF-TOKEN is missing or out of date; get one from /api/v1/antiforgery.");
        }
    }
}
