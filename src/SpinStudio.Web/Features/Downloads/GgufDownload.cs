using Microsoft.Net.Http.Headers;
using SpinStudio.Engine.Export;

namespace SpinStudio.Web.Features.Downloads;

/// <summary>Answers with a model as GGUF, made while it is sent: no temporary file, and the browser knows the size from the start.</summary>
internal sealed class GgufDownload(GgufWriter writer, string name) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "application/octet-stream";
        response.ContentLength = writer.Length;
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = name }.ToString();
        await writer.WriteAsync(response.Body, cancellation: httpContext.RequestAborted);
    }
}
