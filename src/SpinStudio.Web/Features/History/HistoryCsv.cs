using System.Globalization;
using System.Text;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.History;

/// <summary>The runs of a query as CSV, written as they are read.</summary>
internal sealed class HistoryCsv(IAsyncEnumerable<HistoryRow> rows) : IResult
{
    private const string Head =
        "id,name,kind,status,dataset,model,started_by,created_at,ended_at,seconds,iterations,steps,loss_last,loss_min,loss_max,exact_start,exact,exact_best,exact_change,"
        + "exact_change_low,exact_change_high,exact_prompts,nll,nll_best,tags,pinned,archived,trashed,files_deleted\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = "attachment; filename=runs.csv";
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteAsync(Head);
        await foreach (var row in rows)
        {
            var (run, figures) = (row.Run, row.Figures);
            string[] cells =
            [
                run.Id.ToString(), CsvCell.Text(run.Name), run.Kind, HistoryQuery.Word(run.Status), CsvCell.Text(run.DatasetName ?? ""), CsvCell.Text(run.ModelName ?? ""), CsvCell.Text(run.CreatedBy ?? ""),
                Time(run.CreatedAt), Time(run.EndedAt), Number(figures.Seconds), Number(run.Iterations), Number(figures.Steps), Number(figures.LossLast), Number(figures.LossMin), Number(figures.LossMax),
                Number(figures.ExactStart), Number(figures.Exact), Number(figures.ExactBest), Number(figures.ExactChange), Number(figures.ExactChangeLow), Number(figures.ExactChangeHigh),
                Number(figures.ExactCount), Number(figures.Nll), Number(figures.NllBest), CsvCell.Text(string.Join(' ', row.Tags)), Flag(row.Pinned), Flag(row.Archived), Flag(row.TrashedAt is not null), Flag(row.PurgedAt is not null),
            ];
            await writer.WriteAsync(string.Join(',', cells) + "\n");
        }
    }

    private static string Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) ?? "";

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static string Flag(bool set) => set ? "1" : "0";
}
