using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Fetches;

internal static class FetchEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var fetches = api.MapGroup("/fetches").WithTags("Downloads by the server");
        fetches.MapGet("", (FetchService service, CancellationToken cancellation, string? purpose = null) => service.ListAsync(purpose is null ? null : Purpose(purpose), cancellation)).WithSummary("Downloads of the team, newest first.");
        fetches.MapGet("/{id:guid}", (Guid id, FetchService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("Bytes, rate, time left, or what came of it.");
        fetches.MapGet("/hub", (string purpose, string repository, FetchService service, CancellationToken cancellation) => service.LookAsync(Purpose(purpose), repository, cancellation))
            .WithSummary("What a repository of the hub offers: commit, licence, files.");
        fetches.MapPost("", async (NewFetch fetch, FetchService service, CancellationToken cancellation) =>
        {
            var started = await service.StartAsync(fetch, cancellation);
            return Results.Accepted($"/api/v1/fetches/{started.Id}", started);
        }).WithSummary("Downloads from a URL or the hub in the background, into a completed upload (purpose dataset) or a model.").Produces<FetchInfo>(StatusCodes.Status202Accepted);
        fetches.MapPost("/{id:guid}/cancel", (Guid id, FetchService service, CancellationToken cancellation) => service.CancelAsync(id, cancellation)).WithSummary("Ends a download and deletes what has arrived.");
        fetches.MapPost("/{id:guid}/retry", (Guid id, FetchService service, CancellationToken cancellation) => service.RetryAsync(id, cancellation)).WithSummary("Goes on with a failed download.");
        fetches.MapDelete("/{id:guid}", async (Guid id, FetchService service, CancellationToken cancellation) =>
        {
            await service.RemoveAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Takes an ended download off the list.");
    }

    private static FetchPurpose Purpose(string text) => Enum.TryParse<FetchPurpose>(text, ignoreCase: true, out var purpose) && Enum.IsDefined(purpose)
        ? purpose
        : throw new StudioException(Refusal.Invalid, $"purpose is dataset or model (got '{text}').");
}
