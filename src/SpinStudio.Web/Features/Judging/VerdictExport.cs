using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using SpinStudio.Data;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Judging;

/// <summary>All requests of a judging with what came of them, written as they are read: CSV with the figures, or JSON Lines with the texts too.</summary>
internal sealed class VerdictExport(string name, IAsyncEnumerable<Verdict> verdicts, bool csv) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = csv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = $"{SafeName.Of(name)}-verdicts.{(csv ? "csv" : "jsonl")}" }.ToString();
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
        var json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        if (csv)
        {
            await writer.WriteAsync("prompt_id,first,second,swapped,outcome,first_length,second_length,asked_tokens,answer_tokens,seconds,at,answer,error\n");
        }

        await foreach (var verdict in verdicts)
        {
            await writer.WriteAsync(csv ? Row(verdict) : JsonSerializer.Serialize(Line(verdict), json) + "\n");
        }
    }

    private static string Row(Verdict row) => string.Create(CultureInfo.InvariantCulture,
        $"{CsvCell.Text(row.PromptId)},{row.First},{row.Second},{(row.Swapped ? "true" : "false")},{Word(row)},{row.FirstLength},{row.SecondLength},{row.AskedTokens},{row.AnswerTokens},{row.Seconds:R},{row.At:O},{CsvCell.Text(row.Answer ?? "")},{CsvCell.Text(row.Error ?? "")}\n");

    private static VerdictLine Line(Verdict row) => new(
        row.PromptId, row.First, row.Second, row.Swapped, Word(row), row.FirstLength, row.SecondLength, row.Asked, row.Answer, row.Error, row.AskedTokens, row.AnswerTokens, row.Seconds, row.At);

    private static string? Word(Verdict row) => row.Outcome?.ToString().ToLowerInvariant();

    private sealed record VerdictLine(
        string PromptId, string First, string Second, bool Swapped, string? Outcome, int FirstLength, int SecondLength, string Asked, string? Answer, string? Error, int? AskedTokens, int? AnswerTokens,
        double? Seconds, DateTimeOffset? At);
}
