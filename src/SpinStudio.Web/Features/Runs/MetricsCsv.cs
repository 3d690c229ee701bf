using System.Globalization;
using System.Text;
using Microsoft.Net.Http.Headers;
using SpinStudio.Data;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Runs;

/// <summary>All points of one or more runs as CSV, one row a metric and step, written as they are read.</summary>
internal sealed class MetricsCsv(IReadOnlyList<(string Name, IAsyncEnumerable<MetricPoint> Points)> runs, string what) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = $"{SafeName.Of(runs[0].Name)}-{SafeName.Of(what)}.csv" }.ToString();
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteAsync("run,iteration,step,global_step,metric,value,time\n");
        foreach (var (name, points) in runs)
        {
            var run = CsvCell.Text(name);
            await foreach (var point in points)
            {
                var value = point.Value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
                await writer.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{run},{point.Iteration},{point.Step},{point.GlobalStep},{CsvCell.Text(point.Name)},{value},{point.At:O}\n"));
            }
        }
    }
}
