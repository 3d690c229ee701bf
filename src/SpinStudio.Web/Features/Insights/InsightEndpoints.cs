using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Insights;

internal static class InsightEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs/{id:guid}").WithTags("Insights");
        runs.MapGet("/insights", (Guid id, RunInsights insights, CancellationToken cancellation) => insights.GetAsync(id, cancellation))
            .WithSummary("First-step invariants, what the margins are made of, whether to go on, and the lineage of models and pairs.");
        runs.MapGet("/iterations/{iteration:int}/shortcuts", async (Guid id, int iteration, RunInsights insights, CancellationToken cancellation) =>
            await insights.ShortcutsAsync(id, iteration, cancellation) ?? throw StudioException.NotFound("pairs of this iteration"))
            .WithSummary("Whether human and generated answers of an iteration can be told apart by form alone.");
    }
}
