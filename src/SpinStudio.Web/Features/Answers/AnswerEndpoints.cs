using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Answers;

internal static class AnswerEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var answers = api.MapGroup("/answers").WithTags("Answers");
        answers.MapGet("/sources", (AnswerService service, CancellationToken cancellation) => service.SourcesAsync(cancellation))
            .WithSummary("Whose answers can be compared: people's, and those of the models of the newest runs.");
        answers.MapGet("/prompts", (
            [FromQuery] string[] source, AnswerService service, CancellationToken cancellation, string split = SampleSplit.HeldOut, string? q = null, string? order = null, int skip = 0, int take = 20) =>
            PageAsync(service, Sources(source), split, q, order, skip, Math.Clamp(take, 1, 200), cancellation))
            .WithSummary("Prompts that all these sources answered, with their answers. A source is 'human' or '<run id>:<iteration>'; orders are worst, best, changed, confused, regressed.");
        answers.MapGet("/prompts.csv", async (
            [FromQuery] string[] source, AnswerService service, CancellationToken cancellation, string split = SampleSplit.HeldOut, string? q = null, string? order = null) =>
        {
            var sources = Sources(source);
            var page = await PageAsync(service, sources, split, q, order, 0, AnswerService.MostOrdered, cancellation);
            return Results.File(AnswerCsv.Of(await service.NamesAsync(sources, cancellation), page.Items), "text/csv; charset=utf-8", "answers.csv");
        }).WithSummary("The same as CSV, all of them.").Produces<Stream>(200, "text/csv");
        answers.MapGet("/prompts/{promptId}", (string promptId, [FromQuery] string[] source, AnswerService service, CancellationToken cancellation) =>
            service.PromptAsync(promptId, Sources(source), cancellation)).WithSummary("One prompt with an answer of each source.");
    }

    private static async Task<Page<SharedPrompt>> PageAsync(
        AnswerService service, List<AnswerSource> sources, string split, string? search, string? order, int skip, int take, CancellationToken cancellation)
    {
        var ids = await service.OrderedAsync(sources, split, search, order, cancellation);
        return new Page<SharedPrompt>(await service.PromptsAsync([.. ids.Skip(Math.Max(0, skip)).Take(take)], sources, cancellation), ids.Count);
    }

    private static List<AnswerSource> Sources(string[] texts) => [.. texts.Select(text => AnswerSource.TryParse(text, CultureInfo.InvariantCulture, out var source)
        ? source
        : throw new StudioException(Refusal.Invalid, $"A source is 'human' or '<run id>:<iteration>' (got '{text}')."))];
}
