using SpinStudio.Web.Features.Account;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Teams;

internal static class TeamEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var team = api.MapGroup("").WithTags("Team");
        team.MapGet("/team", (TeamService service, CancellationToken cancellation) => service.GetAsync(cancellation)).WithSummary("The current team.");
        team.MapPut("/team", (TeamName name, TeamService service, CancellationToken cancellation) => DoneAsync(service.RenameAsync(name, cancellation)))
            .WithSummary("Renames the current team.").Produces(StatusCodes.Status204NoContent);
        team.MapPost("/team/leave", (Leaving leaving, TeamService service, AccountService accounts, CancellationToken cancellation) => LeaveAsync(leaving, service, accounts, cancellation))
            .WithSummary("Leaves the current team, confirmed with its name; the account is deleted with its last membership. Not with a token.").Produces(StatusCodes.Status204NoContent);
        team.MapGet("/teams", (TeamService service, CancellationToken cancellation) => service.MineAsync(cancellation)).WithSummary("The teams that you belong to.");
        team.MapPost("/teams", (TeamName name, TeamService service, CancellationToken cancellation) => service.CreateAsync(name, cancellation))
            .WithSummary("Makes another team with you as its Admin. For Admins of the studio's first team.");
        team.MapPut("/teams/current", (TeamChoice choice, TeamService service, CancellationToken cancellation) => DoneAsync(service.SwitchAsync(choice, cancellation)))
            .WithSummary("Changes to another of your teams, in every window. Not with a token.").Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> LeaveAsync(Leaving leaving, TeamService service, AccountService accounts, CancellationToken cancellation)
    {
        var team = await service.GetAsync(cancellation);
        if (leaving.Confirm != team.Name)
        {
            throw new StudioException(Refusal.Invalid, $"To leave, confirm the name of the team '{team.Name}' (got '{leaving.Confirm}').");
        }

        await accounts.LeaveAsync(cancellation);
        return Results.NoContent();
    }

    private static async Task<IResult> DoneAsync(Task work)
    {
        await work;
        return Results.NoContent();
    }
}
