using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <summary>What the account forms post to.</summary>
internal static class AccountEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // The antiforgery field is checked here rather than by the framework, so that who comes with an old page gets a form and a reason, not a bare 400.
        var account = routes.MapGroup("/account").ExcludeFromDescription().DisableAntiforgery();
        account.MapPost("/setup", SetUpAsync).AllowAnonymous().AddEndpointFilter((context, next) => CheckFieldAsync(context, next, "setup"));
        account.MapPost("/login", LogInAsync).AllowAnonymous().AddEndpointFilter((context, next) => CheckFieldAsync(context, next, "login"));
        account.MapPost("/logout", LogOutAsync).AddEndpointFilter((context, next) => CheckFieldAsync(context, next, "login"));
    }

    private static async ValueTask<object?> CheckFieldAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, string page)
    {
        var antiforgery = context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>();
        return await antiforgery.IsRequestValidAsync(context.HttpContext) ? await next(context) : Back(page, "expired");
    }

    private static async Task<IResult> SetUpAsync(
        [FromForm] string? name, [FromForm] string? password, [FromForm] string? confirm,
        AccountService accounts, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        if (!await accounts.NeedsSetupAsync(cancellation))
        {
            return Back("setup", "closed");
        }

        if (string.IsNullOrWhiteSpace(name))
        {
            return Back("setup", "name");
        }

        if (password != confirm)
        {
            return Back("setup", "mismatch");
        }

        if (string.IsNullOrEmpty(password) || password.Length < Accounts.MinPasswordLength)
        {
            return Back("setup", "password");
        }

        try
        {
            var user = await accounts.SetUpAsync(name, password, cancellation);
            await signIn.SignInAsync(user, isPersistent: false);
            return Results.LocalRedirect("/");
        }
        catch (StudioException refused)
        {
            return Back("setup", refused.Refusal == Refusal.Conflict ? "closed" : "name");
        }
    }

    private static async Task<IResult> LogInAsync(
        [FromForm] string? name, [FromForm] string? password, [FromForm] string? remember, [FromForm] string? returnUrl, SignInManager<AppUser> signIn)
    {
        var target = LocalPath(returnUrl);
        var result = await signIn.PasswordSignInAsync(name ?? "", password ?? "", isPersistent: remember is "true" or "on", lockoutOnFailure: true);
        return result.Succeeded ? Results.LocalRedirect(target) : Back("login", result.IsLockedOut ? "locked" : "failed", target);
    }

    private static async Task<IResult> LogOutAsync(SignInManager<AppUser> signIn)
    {
        await signIn.SignOutAsync();
        return Results.LocalRedirect("/account/login");
    }

    private static IResult Back(string page, string error, string? returnUrl = null) =>
        Results.LocalRedirect($"/account/{page}?error={error}" + (returnUrl is null or "/" ? "" : $"&returnUrl={Uri.EscapeDataString(returnUrl)}"));

    /// <summary>Only a path on this site; everything else is the start page.</summary>
    internal static string LocalPath(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.Any(char.IsControl) ? url : "/";
}
