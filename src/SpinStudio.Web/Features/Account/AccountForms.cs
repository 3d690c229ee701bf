using Microsoft.AspNetCore.Antiforgery;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Account;

/// <summary>What the forms of accounts share: where they lead back to, and what is wrong with what was typed.</summary>
internal static class AccountForms
{
    /// <summary>
    /// The antiforgery field is checked here rather than by the framework, so that who comes with an old page gets a form and a reason, not a bare 400.
    /// </summary>
    /// <param name="page">The form's page: a path, or one with the route's token in it as <c>{token}</c>.</param>
    public static RouteHandlerBuilder CheckField(this RouteHandlerBuilder form, string page) => form.AddEndpointFilter(async (context, next) =>
    {
        var antiforgery = context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>();
        return await antiforgery.IsRequestValidAsync(context.HttpContext) ? await next(context)
            : Back(page.Replace("{token}", Uri.EscapeDataString(context.HttpContext.GetRouteValue("token") as string ?? ""), StringComparison.Ordinal), "expired");
    });

    /// <summary>Back to the form with what <see cref="AccountErrors"/> has words for.</summary>
    public static IResult Back(string page, string error, string? returnUrl = null) =>
        Results.LocalRedirect($"{page}?error={error}" + (returnUrl is null or "/" ? "" : $"&returnUrl={Uri.EscapeDataString(returnUrl)}"));

    /// <summary>The code of what is wrong with a new password; null when nothing is.</summary>
    public static string? Wrong(string? password, string? confirm) =>
        password != confirm ? "mismatch" : string.IsNullOrEmpty(password) || password.Length < Accounts.MinPasswordLength ? "password" : null;
}
