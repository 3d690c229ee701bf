using System.Text.Json;

namespace SpinStudio.Web.Features.Playground;

internal static class PlaygroundEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/models/{id:guid}/chat/completions", async (Guid id, JsonElement body, PlaygroundService playground, HttpContext context, CancellationToken cancellation) =>
        {
            var (answer, lease) = await playground.PassAsync(id, body, cancellation);
            using (lease)
            using (answer)
            {
                context.Response.StatusCode = (int)answer.StatusCode;
                context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
                await answer.Content.CopyToAsync(context.Response.Body, cancellation);
            }
        }).WithTags("Playground").WithSummary("Asks a model: the OpenAI chat API, streaming included. The model is loaded when it is first asked.").Produces<JsonElement>();
}
