using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace SpinStudio.Web.Security;

/// <summary>What all pages behind a secret link share: shared runs, invitations, resets.</summary>
internal static class SecretLinks
{
    /// <summary>The policy that slows guessing down.</summary>
    public const string Limit = "secret-links";

    /// <summary>Longer ones are not even looked up.</summary>
    public const int LongestToken = 64;

    /// <summary>Requests of one address a minute: plenty for people, hopeless for guessing 256 bits.</summary>
    private const int PerMinute = 60;

    public static void AddSecretLinks(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = async (context, cancellation) => await context.HttpContext.Response.WriteAsync("Too many requests from this address; wait a minute.", cancellation);
        limiter.AddPolicy(Limit, context => RateLimitPartition.GetFixedWindowLimiter(
            context.Connection.RemoteIpAddress?.ToString() ?? "unknown", _ => new FixedWindowRateLimiterOptions { PermitLimit = PerMinute, Window = TimeSpan.FromMinutes(1) }));
    });
}
