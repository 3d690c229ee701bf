using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>How a download is written.</summary>
public enum DatasetExportFormat
{
    /// <summary>The canonical file, byte for byte: its SHA-256 is that of the version.</summary>
    Jsonl,

    /// <summary>Columns system, prompt, response, and rejected where the rows are preferences; cells that a spreadsheet would take for formulas are led by an apostrophe.</summary>
    Csv,

    /// <summary>JSON Lines as the official SPIN code's prepared data has them: the conversation under <c>real</c>, and under <c>generated</c> the same with an empty answer that generation fills.</summary>
    Spin,
}

/// <summary>Answers with a version's rows, written to the response as they are read.</summary>
internal sealed class DatasetExport(string file, string name, DatasetExportFormat format) : IResult
{
    private const int FlushedRows = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (!File.Exists(file))
        {
            await Results.Problem("The rows of this version are no longer on disk.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(httpContext);
            return;
        }

        if (format == DatasetExportFormat.Jsonl)
        {
            await Results.File(file, "application/jsonl", SafeName.Of(name) + ".jsonl").ExecuteAsync(httpContext);
            return;
        }

        var preferences = DatasetReader.Read(file).Any(example => example.Rejected is not null);
        var (type, extension, row) = format == DatasetExportFormat.Csv
            ? ("text/csv; charset=utf-8", ".csv", example => Csv(example, preferences))
            : ("application/jsonl", ".spin.jsonl", (Func<Example, string>)Spin);
        var response = httpContext.Response;
        response.ContentType = type;
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = SafeName.Of(name) + extension }.ToString();
        var text = new StringBuilder(format == DatasetExportFormat.Csv ? $"system,prompt,response{(preferences ? ",rejected" : "")}\r\n" : "");
        var waiting = 0;
        foreach (var example in DatasetReader.Read(file))
        {
            text.Append(row(example));
            if (++waiting == FlushedRows)
            {
                await response.WriteAsync(text.ToString(), httpContext.RequestAborted);
                text.Clear();
                waiting = 0;
            }
        }

        await response.WriteAsync(text.ToString(), httpContext.RequestAborted);
    }

    private static string Csv(Example example, bool preferences) =>
        $"{CsvCell.Text(example.System ?? "")},{CsvCell.Text(example.Prompt)},{CsvCell.Text(example.Response)}{(preferences ? "," + CsvCell.Text(example.Rejected ?? "") : "")}\r\n";

    private static string Spin(Example example) => JsonSerializer.Serialize(new { Real = Messages(example, example.Response), Generated = Messages(example, "") }, RunJson.Line) + "\n";

    private static object[] Messages(Example example, string answer)
    {
        object[] turn = [new { Role = "user", Content = example.Prompt }, new { Role = "assistant", Content = answer }];
        return example.System is { } system ? [new { Role = "system", Content = system }, .. turn] : turn;
    }
}
