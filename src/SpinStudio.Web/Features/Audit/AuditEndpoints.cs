using System.Text;

namespace SpinStudio.Web.Features.Audit;

internal static class AuditEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var audit = api.MapGroup("/team/audit").WithTags("Team");
        audit.MapGet("", (Guid? person, string? action, string? via, DateOnly? from, DateOnly? to, int? page, AuditService service, CancellationToken cancellation) =>
            service.ListAsync(new AuditQuery(person, action, via, from, to, page ?? 1), cancellation))
            .WithSummary("The audit log, newest first: by person, action (run.stop) or kind (run), via browser or token, and days in UTC. For Admins.");
        audit.MapGet("/choices", (AuditService service, CancellationToken cancellation) => service.ChoicesAsync(cancellation)).WithSummary("People and actions that occur in the audit log.");
        audit.MapGet("/csv", async (Guid? person, string? action, string? via, DateOnly? from, DateOnly? to, AuditService service, CancellationToken cancellation) =>
        {
            var write = await service.CsvAsync(new AuditQuery(person, action, via, from, to), cancellation);
            return Results.Stream(async body =>
            {
                await using var writer = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true);
                await write(writer, cancellation);
            }, "text/csv; charset=utf-8", "audit.csv");
        }).WithSummary("The filtered audit log as CSV.").Produces<string>(StatusCodes.Status200OK, "text/csv");
    }
}
