using System.Text;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

internal static class ArenaEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var arenas = api.MapGroup("/arenas").WithTags("Arena");
        MapReading(arenas);
        MapVoting(arenas.MapGroup("/{id:guid}").RequireAuthorization(Policies.Rater));
        MapChanging(arenas.MapGroup("").RequireAuthorization(Policies.Runner));
    }

    private static void MapReading(RouteGroupBuilder arenas)
    {
        arenas.MapGet("", (ArenaService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Arenas of the team, newest first.");
        arenas.MapGet("/{id:guid}", (Guid id, ArenaService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("An arena with its contestants.");
        arenas.MapGet("/{id:guid}/standings", (Guid id, ArenaStandings standings, CancellationToken cancellation) => standings.GetAsync(id, cancellation))
            .WithSummary("Bradley–Terry strengths with 95 % intervals, win-rates of every pair, steps between iterations, how well people are told from models, and counts per rater.");
        arenas.MapGet("/{id:guid}/agreement", (Guid id, ArenaAgreement agreement, CancellationToken cancellation) => agreement.GetAsync(id, cancellation))
            .WithSummary("How far raters agree with each other, with the implicit reward and with judges.");
        arenas.MapGet("/{id:guid}/votes.csv", async (Guid id, ArenaExport export, CancellationToken cancellation) =>
            Results.File(Encoding.UTF8.GetBytes(await export.CsvAsync(id, cancellation)), "text/csv", $"votes-{id:N}.csv")).WithSummary("Every vote, as CSV.").Produces<Stream>(200, "text/csv");
        arenas.MapGet("/{id:guid}/preferences.jsonl", async (Guid id, ArenaExport export, CancellationToken cancellation) =>
        {
            var (rows, _) = await export.PreferencesAsync(id, cancellation);
            var lines = string.Concat(rows.Select(row => System.Text.Json.JsonSerializer.Serialize(row, RunJson.Line) + "\n"));
            return Results.File(Encoding.UTF8.GetBytes(lines), "application/jsonl", $"preferences-{id:N}.jsonl");
        }).WithSummary("Pairs of answers of which one has more votes, as JSON Lines: prompt, response (preferred), rejected, system.").Produces<Stream>(200, "application/jsonl");
    }

    private static void MapVoting(RouteGroupBuilder arena)
    {
        arena.MapPost("/ballots", (Guid id, ArenaVoting voting, CancellationToken cancellation, string kind = "better") => voting.NextAsync(id, Kind(kind), cancellation))
            .WithSummary("Your open ballot, or the next one: two answers whose names are told after the vote. kind is better (which is better) or human (which a person wrote).");
        arena.MapPost("/ballots/{ballot:guid}/vote", (Guid id, Guid ballot, Vote vote, ArenaVoting voting, CancellationToken cancellation) => voting.VoteAsync(id, ballot, vote, cancellation))
            .WithSummary("Votes first, second, tie or both_bad, once for each ballot; tells whose answers they were.");
        arena.MapPost("/ballots/{ballot:guid}/skip", async (Guid id, Guid ballot, ArenaVoting voting, CancellationToken cancellation) =>
        {
            await voting.SkipAsync(id, ballot, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Leaves a ballot out.");
        arena.MapPost("/undo", async (Guid id, ArenaVoting voting, CancellationToken cancellation) =>
        {
            await voting.UndoAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Takes your last vote back.");
    }

    private static void MapChanging(RouteGroupBuilder arenas)
    {
        arenas.MapPost("", async (NewArena arena, ArenaService service, CancellationToken cancellation) =>
        {
            var made = await service.CreateAsync(arena, cancellation);
            return Results.Created($"/api/v1/arenas/{made.Summary.Id}", made);
        }).WithSummary("Makes an arena of answers of two or more sources.").Produces<ArenaDetail>(StatusCodes.Status201Created);
        arenas.MapPost("/{id:guid}/close", (Guid id, ArenaService service, CancellationToken cancellation) => service.SwitchAsync(id, open: false, cancellation)).WithSummary("Takes no more votes.");
        arenas.MapPost("/{id:guid}/open", (Guid id, ArenaService service, CancellationToken cancellation) => service.SwitchAsync(id, open: true, cancellation)).WithSummary("Takes votes again.");
        arenas.MapPost("/{id:guid}/dataset", async (Guid id, DatasetOfVotes wanted, ArenaExport export, CancellationToken cancellation) =>
        {
            var dataset = await export.DatasetAsync(id, wanted.Name, wanted.Description, cancellation);
            return Results.Created($"/api/v1/datasets/{dataset}", new MadeDataset(dataset));
        }).WithSummary("Makes a preference dataset of the votes, for runs of the kind dpo.").Produces<MadeDataset>(StatusCodes.Status201Created);
        arenas.MapDelete("/{id:guid}", async (Guid id, ArenaService service, CancellationToken cancellation) =>
        {
            await service.DeleteAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes an arena with all its votes.");
    }

    private static BallotKind Kind(string kind) => kind switch
    {
        "better" => BallotKind.Better,
        "human" => BallotKind.Human,
        _ => throw new StudioException(Refusal.Invalid, $"'kind' is better or human (got '{kind}')."),
    };

    internal sealed record DatasetOfVotes(string Name, string? Description = null);

    internal sealed record MadeDataset(Guid Id);
}
