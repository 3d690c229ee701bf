using System.Globalization;
using System.Text;
using Microsoft.Net.Http.Headers;
using SpinStudio.Data;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Runs;

/// <summary>All points of a run as CSV, one row a metric and step, written as they are read.</summary>
internal sealed class MetricsCsv(string runName, IAsyncEnumerable<MetricPoint> points) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = SafeName.Of(runName) + "-metrics.csv" }.ToString();
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteAsync("run,iteration,step,global_step,metric,value,time\n");
        var run = CsvCell.Text(runName);
        await foreach (var point in points)
        {
            var value = point.Value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
            await writer.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{run},{point.Iteration},{point.Step},{point.GlobalStep},{CsvCell.Text(point.Name)},{value},{point.At:O}\n"));
        }
    }
}
