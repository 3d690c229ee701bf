namespace SpinStudio.Web.Features.Activity;

internal static class ActivityEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/activity", (ActivityService service, CancellationToken cancellation, Guid? person = null, Guid? run = null, string? kind = null, int page = 1) =>
            service.ListAsync(new ActivityQuery(person, run, kind, page), cancellation)).WithTags("Activity").WithSummary("Who of the team did what, newest first; by person, run and kind.");
}
