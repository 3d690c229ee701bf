using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Reports;

internal static class ReportEndpoints
{
    public static void Map(RouteGroupBuilder api) => api.MapGet("/runs/{id:guid}/report.html", async Task<IResult> (Guid id, RunReports reports, StudioPaths paths, HttpContext context, CancellationToken cancellation) =>
    {
        var report = await reports.MakeAsync(id, cancellation);
        context.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = SafeName.Of(report.Run.Name) + "-report.html" }.ToString();
        return new RazorComponentResult<ReportDocument>(new Dictionary<string, object?> { [nameof(ReportDocument.Report)] = report, [nameof(ReportDocument.Styles)] = await StylesAsync(paths, cancellation) });
    }).WithTags("Runs").WithSummary("The run on one sheet, as a file that needs nothing else.").Produces<Stream>(200, "text/html");

    private static async Task<string> StylesAsync(StudioPaths paths, CancellationToken cancellation)
    {
        var css = Path.Combine(paths.Content, "wwwroot", "css");
        return await File.ReadAllTextAsync(Path.Combine(css, "tokens.css"), cancellation) + await File.ReadAllTextAsync(Path.Combine(css, "sheet.css"), cancellation);
    }
}
