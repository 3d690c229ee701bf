namespace SpinStudio.Web.Features.History;

internal static class HistoryEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var history = api.MapGroup("/history").WithTags("History");
        history.MapGet("", (HttpRequest request, HistoryService service, CancellationToken cancellation) => service.ListAsync(Query(request), cancellation))
            .WithSummary("Runs, searched (q), filtered (status, kind, dataset, model, person, tag, from, to, show), sorted (sort=-loss_min) and grouped (group).");
        history.MapGet("/choices", (HistoryService service, CancellationToken cancellation) => service.ChoicesAsync(cancellation)).WithSummary("What can be filtered by, with counts.");
        history.MapGet("/runs.csv", (HttpRequest request, HistoryService service, CancellationToken cancellation) => new HistoryCsv(service.AllAsync(Query(request), cancellation)))
            .WithSummary("All runs that match, as CSV.").Produces<Stream>(200, "text/csv");
    }

    private static HistoryQuery Query(HttpRequest request) => HistoryQuery.Parse(name => request.Query[name].FirstOrDefault());
}
