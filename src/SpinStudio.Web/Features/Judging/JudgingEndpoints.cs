using SpinStudio.Web.Features.Arenas;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Judging;

internal static class JudgingEndpoints
{
    public static void Add(IServiceCollection services)
    {
        services.AddScoped<JudgingPlanning>();
        services.AddScoped<JudgingService>();
        services.AddScoped<JudgingReading>();
        services.AddScoped<IPairVerdicts, JudgeVerdicts>();
        services.AddSingleton<JudgingWorker>();
    }

    public static void Map(RouteGroupBuilder api)
    {
        var judgings = api.MapGroup("/judgings").WithTags("Judge");
        judgings.MapGet("", (JudgingService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Judgings of the team, newest first.");
        judgings.MapGet("/template", () => new DefaultTemplate(JudgePrompt.Default)).WithSummary("What a judge is asked unless a judging has a template of its own.");
        judgings.MapGet("/{id:guid}", (Guid id, JudgingService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("A judging and how far it is.");
        judgings.MapGet("/{id:guid}/results", (Guid id, JudgingReading reading, CancellationToken cancellation) => reading.ResultsAsync(id, cancellation))
            .WithSummary("Win-rates with intervals, position flips, length bias; also while it goes on.");
        judgings.MapGet("/{id:guid}/pairs", (Guid id, JudgingReading reading, CancellationToken cancellation, string filter = "all", int skip = 0, int take = 10) =>
            reading.PairsAsync(id, Filter(filter), skip, take, cancellation)).WithSummary("Pairs (filter: all, flipped or open) with what the judge was asked and what it said, in both orders.");
        judgings.MapGet("/{id:guid}/verdicts.csv", (Guid id, JudgingReading reading, CancellationToken cancellation) => ExportAsync(id, reading, true, cancellation)).WithSummary("All verdicts as CSV.").Produces<Stream>(StatusCodes.Status200OK, "text/csv");
        judgings.MapGet("/{id:guid}/verdicts.jsonl", (Guid id, JudgingReading reading, CancellationToken cancellation) => ExportAsync(id, reading, false, cancellation))
            .WithSummary("All verdicts as JSON Lines, with the texts.").Produces<Stream>(StatusCodes.Status200OK, "application/jsonl");

        var runner = judgings.MapGroup("").RequireAuthorization(Policies.Runner);
        runner.MapPost("/plan", (NewJudging wanted, JudgingService service, CancellationToken cancellation) => service.PlanAsync(wanted, cancellation)).WithSummary("What a judging would cost. Nothing is sent.");
        runner.MapPost("", async (NewJudging wanted, JudgingService service, CancellationToken cancellation) =>
        {
            var started = await service.StartAsync(wanted, cancellation);
            return Results.Accepted($"/api/v1/judgings/{started.Id}", started);
        }).WithSummary("Lets a model compare answers pair by pair, each in both orders.").Produces<JudgingInfo>(StatusCodes.Status202Accepted);
        runner.MapPost("/{id:guid}/cancel", (Guid id, JudgingService service, CancellationToken cancellation) => service.CancelAsync(id, cancellation)).WithSummary("Ends a judging; what is known stays.");
        runner.MapPost("/{id:guid}/resume", (Guid id, JudgingService service, CancellationToken cancellation) => service.ResumeAsync(id, cancellation)).WithSummary("Goes on; asks only what is not known.");
        runner.MapDelete("/{id:guid}", async (Guid id, JudgingService service, CancellationToken cancellation) =>
        {
            await service.RemoveAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Deletes an ended judging with its verdicts.");
    }

    private static async Task<IResult> ExportAsync(Guid id, JudgingReading reading, bool csv, CancellationToken cancellation)
    {
        var (judging, verdicts) = await reading.ExportAsync(id, cancellation);
        return new VerdictExport(judging.Name, verdicts, csv);
    }

    private static PairFilter Filter(string text) => Enum.TryParse<PairFilter>(text, ignoreCase: true, out var filter) && Enum.IsDefined(filter)
        ? filter
        : throw new StudioException(Refusal.Invalid, $"filter is all, flipped or open (got '{text}').");

    internal sealed record DefaultTemplate(string Template);
}
