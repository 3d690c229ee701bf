using System.Text.Json;

namespace SpinStudio.Web.Features.Settings;

internal static class UserSettingEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var settings = api.MapGroup("/me/settings/{key}").WithTags("Studio");
        settings.MapGet("", async (string key, UserSettings service, CancellationToken cancellation) =>
            await service.GetAsync<JsonElement?>(key, cancellation) is { } value ? Results.Json(value) : Results.NoContent())
            .WithSummary("What the current user keeps under this key; 204 when nothing.").Produces<JsonElement>().Produces(StatusCodes.Status204NoContent);
        settings.MapPut("", async (string key, JsonElement value, UserSettings service, CancellationToken cancellation) =>
        {
            await service.SetAsync(key, value, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Keeps any JSON value under this key.");
        settings.MapDelete("", async (string key, UserSettings service, CancellationToken cancellation) =>
        {
            await service.RemoveAsync(key, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Forgets what is kept under this key.");
    }
}
