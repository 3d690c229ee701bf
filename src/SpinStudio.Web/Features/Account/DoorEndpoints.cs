using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <summary>What the forms behind an invitation or a reset post to, and the form that changes one's own password.</summary>
internal static class DoorEndpoints
{
    private const string Settings = "/settings";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var forms = routes.MapGroup("").ExcludeFromDescription().DisableAntiforgery();
        forms.MapPost("/join/{token}", JoinAsync).AllowAnonymous().RequireRateLimiting(SecretLinks.Limit).CheckField("/join/{token}");
        forms.MapPost("/reset/{token}", ResetAsync).AllowAnonymous().RequireRateLimiting(SecretLinks.Limit).CheckField("/reset/{token}");
        forms.MapPost("/account/password", ChangeAsync).CheckField(Settings);
    }

    private static async Task<IResult> JoinAsync(
        string token, [FromForm] string? name, [FromForm] string? password, [FromForm] string? confirm,
        CurrentUser currentUser, Invitations invitations, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        var page = $"/join/{Uri.EscapeDataString(token)}";
        try
        {
            if (await currentUser.FindAsync(cancellation) is not null)
            {
                await invitations.JoinAsync(new InvitationAnswer(token), cancellation);
            }
            else if ((string.IsNullOrWhiteSpace(name) ? "name" : AccountForms.Wrong(password, confirm)) is { } wrong)
            {
                return AccountForms.Back(page, wrong);
            }
            else
            {
                await signIn.SignInAsync(await invitations.JoinAsNewAsync(token, name!, password!, cancellation), isPersistent: false);
            }

            return Results.LocalRedirect("/");
        }
        catch (StudioException refused)
        {
            return AccountForms.Back(page, refused.Refusal switch { Refusal.Conflict => "member", Refusal.NotFound => "gone", _ => "name" });
        }
    }

    private static async Task<IResult> ResetAsync(string token, [FromForm] string? password, [FromForm] string? confirm, Passwords passwords, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        var page = $"/reset/{Uri.EscapeDataString(token)}";
        if (AccountForms.Wrong(password, confirm) is { } wrong)
        {
            return AccountForms.Back(page, wrong);
        }

        try
        {
            await signIn.SignInAsync(await passwords.ResetAsync(token, password!, cancellation), isPersistent: false);
            return Results.LocalRedirect("/");
        }
        catch (StudioException refused)
        {
            return AccountForms.Back(page, refused.Refusal == Refusal.NotFound ? "gone" : "password");
        }
    }

    private static async Task<IResult> ChangeAsync(
        [FromForm] string? current, [FromForm] string? password, [FromForm] string? confirm, Passwords passwords, SignInManager<AppUser> signIn, CancellationToken cancellation)
    {
        if (AccountForms.Wrong(password, confirm) is { } wrong)
        {
            return AccountForms.Back(Settings, wrong);
        }

        try
        {
            if (await passwords.ChangeAsync(new PasswordChange(current ?? "", password!), cancellation) is not { } user)
            {
                return AccountForms.Back(Settings, "current");
            }

            await signIn.RefreshSignInAsync(user);
            return Results.LocalRedirect($"{Settings}?changed=password");
        }
        catch (StudioException refused)
        {
            return AccountForms.Back(Settings, refused.Refusal == Refusal.Conflict ? "locked" : "password");
        }
    }
}
