using Microsoft.AspNetCore.Identity;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Account;

public sealed record NewMember(string Name, string Password, TeamRole Role);

public sealed record RoleChange(TeamRole Role);

internal static class MemberEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var members = api.MapGroup("/members").WithTags("Team");
        members.MapGet("", (AccountService service, CancellationToken cancellation) => service.MembersAsync(cancellation)).WithSummary("People of the team, in the order in which they joined.");
        members.MapPost("", async (NewMember member, AccountService service, CancellationToken cancellation) =>
            Results.Created("/api/v1/members", await service.AddMemberAsync(member.Name, member.Password, member.Role, cancellation)))
            .WithSummary("Adds an account with a role.").Produces<MemberInfo>(StatusCodes.Status201Created);
        members.MapPut("/{id:guid}", async (Guid id, RoleChange change, AccountService service, CancellationToken cancellation) =>
        {
            await service.ChangeRoleAsync(id, change.Role, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Changes a role; the last Admin stays.");
        members.MapDelete("/{id:guid}", async (Guid id, AccountService service, CancellationToken cancellation) =>
        {
            await service.RemoveMemberAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Removes a person from the team; the last Admin stays.");
        members.MapPost("/{id:guid}/reset", (Guid id, Passwords service, CancellationToken cancellation) => service.MakeResetAsync(id, cancellation))
            .WithSummary("Makes a link with which the member chooses a new password, once, within a day. Not with a token.");
        api.MapPut("/me/password", async (PasswordChange change, Passwords service, SignInManager<AppUser> signIn, CancellationToken cancellation) =>
        {
            await signIn.RefreshSignInAsync(await service.ChangeAsync(change, cancellation) ?? throw new StudioException(Refusal.Invalid, "The present password is wrong."));
            return TypedResults.NoContent();
        }).WithTags("Team").WithSummary("Changes your password and ends all your other sessions. Not with a token.");
    }
}
