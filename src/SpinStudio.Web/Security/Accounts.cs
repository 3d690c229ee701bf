using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>Accounts, cookies and who may do what.</summary>
internal static class Accounts
{
    public const int MinPasswordLength = 10;
    private const string ByTokenOrCookie = "TokenOrCookie";

    public static void AddAccounts(this IServiceCollection services, StudioPaths paths)
    {
        services.AddDataProtection().SetApplicationName("SpinStudio").PersistKeysToFileSystem(new DirectoryInfo(paths.Keys));
        var authentication = services.AddAuthentication(ByTokenOrCookie);
        authentication.AddPolicyScheme(ByTokenOrCookie, null, options => options.ForwardDefaultSelector = context => BearerTokens.Comes(context) ? BearerTokens.Name : IdentityConstants.ApplicationScheme);
        authentication.AddScheme<AuthenticationSchemeOptions, BearerTokens>(BearerTokens.Name, null);
        authentication.AddIdentityCookies();
        services.AddSingleton<TokenThrottle>();
        services.AddSingleton<LastSeen>();
        services.AddSecretLinks();
        services.AddIdentityCore<AppUser>(Rules).AddEntityFrameworkStores<StudioDb>().AddSignInManager();
        services.Configure<SecurityStampValidatorOptions>(options => options.ValidationInterval = TimeSpan.FromMinutes(1));
        services.ConfigureApplicationCookie(Cookie);

        services.AddScoped<CurrentUser>();
        services.TryAddScoped<AuthenticationStateProvider, ServerAuthenticationStateProvider>();
        services.AddScoped<CircuitHandler, CircuitUser>();
        services.AddScoped<IAuthorizationHandler, AtLeastHandler>();
        services.AddAuthorization(Policies.Add);
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(options =>
        {
            options.HeaderName = "X-CSRF-TOKEN";
            options.Cookie.Name = "spinstudio.antiforgery";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }

    /// <summary>Makes the logged-in user known to the services of this request.</summary>
    public static void UseCurrentUser(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        context.RequestServices.GetRequiredService<CurrentUser>().Principal = context.User;
        await context.RequestServices.GetRequiredService<LastSeen>().NoteAsync(context.User);
        await next(context);
    });

    private static void Rules(IdentityOptions options)
    {
        // Length is what makes a password hard to guess; rules about its characters mostly make it hard to remember.
        options.Password.RequiredLength = MinPasswordLength;
        options.Password.RequiredUniqueChars = 4;
        options.Password.RequireDigit = false;
        options.Password.RequireLowercase = false;
        options.Password.RequireUppercase = false;
        options.Password.RequireNonAlphanumeric = false;
        // People's names are not made of ASCII letters alone.
        options.User.AllowedUserNameCharacters = "";
        options.Lockout.MaxFailedAccessAttempts = 5;
        options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
        options.Lockout.AllowedForNewUsers = true;
    }

    private static void Cookie(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "spinstudio";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromDays(14);
        options.SlidingExpiration = true;
        options.LoginPath = "/account/login";
        options.AccessDeniedPath = "/account/denied";
        options.ReturnUrlParameter = "returnUrl";
        options.Events.OnRedirectToLogin = context => Answer(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => Answer(context, StatusCodes.Status403Forbidden);
    }

    /// <summary>Programs get a status, people a page.</summary>
    private static Task Answer(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        var path = context.Request.Path;
        if ((path.StartsWithSegments("/api") && !path.StartsWithSegments("/api/docs")) || path.StartsWithSegments("/hubs") || path.StartsWithSegments("/_blazor"))
        {
            context.Response.StatusCode = status;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}
