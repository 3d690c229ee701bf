using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <summary>What the account forms post to.</summary>
internal static class AccountEndpoints
{
    private const string SetUp = "/account/setup";
    private const string LogIn = "/account/login";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var account = routes.MapGroup("/account").ExcludeFromDescription().DisableAntiforgery();
        account.MapPost("/setup", SetUpAsync).AllowAnonymous().CheckField(SetUp);
        account.MapPost("/login", LogInAsync).AllowAnonymous().CheckField(LogIn);
        account.MapPost("/logout", LogOutAsync).CheckField(LogIn);
        account.MapPost("/team", SwitchAsync).CheckField("/team");
        account.MapPost("/leave", LeaveAsync).CheckField("/team");
    }

    private static async Task<IResult> SetUpAsync(
        [FromForm] string? name, [FromForm] string? password, [FromForm] string? confirm,
        AccountService accounts, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        if (!await accounts.NeedsSetupAsync(cancellation))
        {
            return AccountForms.Back(SetUp, "closed");
        }

        if (string.IsNullOrWhiteSpace(name))
        {
            return AccountForms.Back(SetUp, "name");
        }

        if (AccountForms.Wrong(password, confirm) is { } wrong)
        {
            return AccountForms.Back(SetUp, wrong);
        }

        try
        {
            var user = await accounts.SetUpAsync(name, password!, cancellation);
            await signIn.SignInAsync(user, isPersistent: false);
            return Results.LocalRedirect("/");
        }
        catch (StudioException refused)
        {
            return AccountForms.Back(SetUp, refused.Refusal == Refusal.Conflict ? "closed" : "name");
        }
    }

    private static async Task<IResult> LogInAsync(
        [FromForm] string? name, [FromForm] string? password, [FromForm] string? remember, [FromForm] string? returnUrl, SignInManager<AppUser> signIn)
    {
        var target = LocalPath(returnUrl);
        var result = await signIn.PasswordSignInAsync(name ?? "", password ?? "", isPersistent: remember is "true" or "on", lockoutOnFailure: true);
        return result.Succeeded ? Results.LocalRedirect(target) : AccountForms.Back(LogIn, result.IsLockedOut ? "locked" : "failed", target);
    }

    private static async Task<IResult> LogOutAsync(SignInManager<AppUser> signIn)
    {
        await signIn.SignOutAsync();
        return Results.LocalRedirect("/account/login");
    }

    private static async Task<IResult> SwitchAsync([FromForm] Guid team, TeamService teams, CancellationToken cancellation)
    {
        try
        {
            await teams.SwitchAsync(new TeamChoice(team), cancellation);
            return Results.LocalRedirect("/");
        }
        catch (StudioException)
        {
            return AccountForms.Back("/team", "gone");
        }
    }

    private static async Task<IResult> LeaveAsync(AccountService accounts, CurrentUser currentUser, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        try
        {
            await accounts.LeaveAsync(cancellation);
        }
        catch (StudioException)
        {
            return AccountForms.Back("/team", "last");
        }

        if (await currentUser.FindAsync(cancellation) is not null)
        {
            return Results.LocalRedirect("/");
        }

        await signIn.SignOutAsync();
        return Results.LocalRedirect(LogIn);
    }

    /// <summary>Only a path on this site; everything else is the start page.</summary>
    internal static string LocalPath(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.Any(char.IsControl) ? url : "/";
}
