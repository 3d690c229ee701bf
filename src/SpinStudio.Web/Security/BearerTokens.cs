using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>
/// Logs programs in by <c>Authorization: Bearer spin_…</c>, for the API and the hub only. The cookie is not looked at then, so a wrong token is refused whoever the
/// browser belongs to, and no antiforgery value is needed: no other site can make a browser send this header.
/// </summary>
internal sealed class BearerTokens(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IDbContextFactory<StudioDb> databases, TokenThrottle throttle, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "Bearer";

    /// <summary>The claim with the token's id.</summary>
    public const string TokenClaim = "spinstudio:token";

    private const int LongestToken = 200;
    private static readonly TimeSpan UseIsNotedEvery = TimeSpan.FromMinutes(1);

    private bool slowedDown;

    /// <summary>Whether the request comes with a token, right or wrong.</summary>
    public static bool Comes(HttpContext context) => TokenOf(context.Request) is not null;

    /// <summary>Whether somebody's token opened the door.</summary>
    public static bool LoggedIn(ClaimsPrincipal principal) => principal.HasClaim(claim => claim.Type == TokenClaim);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var address = Context.Connection.RemoteIpAddress;
        slowedDown = throttle.IsExhausted(address);
        if (slowedDown || TokenOf(Request) is not { } secret)
        {
            return AuthenticateResult.NoResult();
        }

        if (secret.Length > LongestToken || await FindAsync(Secrets.Hash(secret)) is not { } token)
        {
            throttle.Count(address);
            return AuthenticateResult.Fail("The token is wrong, expired or revoked.");
        }

        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, token.UserId.ToString()), new Claim(TokenClaim, token.Id.ToString())], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (slowedDown)
        {
            Response.Headers.RetryAfter = "60";
            return Results.Problem("Too many wrong tokens from this address; wait a minute.", statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = Name;
        return Results.Problem("The token is wrong, expired or revoked; make another one under Settings, Tokens.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(Context);
    }

    private async Task<ApiToken?> FindAsync(string hash)
    {
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(Context.RequestAborted);
        var token = await db.ApiTokens.AsNoTracking().FirstOrDefaultAsync(token => token.TokenHash == hash && token.RevokedAt == null && token.ExpiresAt > now, Context.RequestAborted);
        if (token is null || !Secrets.Same(token.TokenHash, hash))
        {
            return null;
        }

        if (token.LastUsedAt is null || now - token.LastUsedAt >= UseIsNotedEvery)
        {
            await db.ApiTokens.Where(row => row.Id == token.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.LastUsedAt, now), Context.RequestAborted);
        }

        return token;
    }

    private static string? TokenOf(HttpRequest request)
    {
        var hub = request.Path.StartsWithSegments("/hubs/runs");
        if (!hub && !request.Path.StartsWithSegments("/api/v1"))
        {
            return null;
        }

        var header = request.Headers[HeaderNames.Authorization].ToString();
        if (header.StartsWith(Name, StringComparison.OrdinalIgnoreCase))
        {
            return header[Name.Length..].Trim();
        }

        // A browser cannot send headers with a WebSocket; there, and only there, the address carries the token.
        return hub && IsWebSocket(request) && request.Query["access_token"].ToString() is { Length: > 0 } token ? token : null;
    }

    private static bool IsWebSocket(HttpRequest request) =>
        string.Equals(request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
        || request.HttpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };
}
