using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Comparison;

internal static class ComparisonEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var compare = api.MapGroup("/runs/compare").WithTags("Runs");
        compare.MapGet("", (string ids, ComparisonService service, CancellationToken cancellation, Guid? @base = null, long? step = null) =>
            service.CompareAsync(Ids(ids), @base, step, cancellation)).WithSummary("2 to 8 runs side by side: settings, metrics, held-out figures with their difference to the baseline.");
        compare.MapGet("/runs.csv", async (string ids, ComparisonService service, CancellationToken cancellation, Guid? @base = null, long? step = null) =>
            Results.File(ComparisonCsv.Of(await service.CompareAsync(Ids(ids), @base, step, cancellation)), "text/csv; charset=utf-8", "comparison.csv")).WithSummary("The same as CSV.").Produces<Stream>(200, "text/csv");
    }

    /// <summary>Ids between commas.</summary>
    internal static List<Guid> Ids(string? text) =>
        [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(id => Guid.TryParse(id, out var parsed) ? parsed : throw new StudioException(Refusal.Invalid, $"ids must be ids of runs between commas (got '{id}')."))];
}
