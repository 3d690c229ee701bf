using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace SpinStudio.Web.Features.Uploads;

/// <param name="Length">Size of the whole file, in bytes.</param>
public sealed record NewUpload(string FileName, long Length);

internal static class UploadEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var uploads = api.MapGroup("/uploads").WithTags("Uploads");

        uploads.MapPost("", (NewUpload upload, UploadService service, CancellationToken cancellation) => service.CreateAsync(upload.FileName, upload.Length, cancellation))
            .WithSummary("Announces a file. Send its bytes next.");

        uploads.MapGet("", (UploadService service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Your uploads that are not used up, newest first.");

        uploads.MapGet("/limits", (UploadService service) => service.Limits).WithSummary("What a file, a row and a text may hold at most.");

        uploads.MapGet("/{id:guid}", (Guid id, UploadService service, CancellationToken cancellation) => service.GetAsync(id, cancellation))
            .WithSummary("Tells the offset to continue from.");

        uploads.MapPut("/{id:guid}", (Guid id, long offset, HttpContext context, UploadService service, IOptions<StudioOptions> options) =>
            {
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
                {
                    feature.MaxRequestBodySize = options.Value.UploadLimitBytes;
                }

                return service.AppendAsync(id, offset, context.Request.Body, context.RequestAborted);
            })
            .WithSummary("Adds raw bytes at the offset, in one request or many.");

        uploads.MapDelete("/{id:guid}", async (Guid id, UploadService service, CancellationToken cancellation) =>
            {
                await service.CancelAsync(id, cancellation);
                return TypedResults.NoContent();
            })
            .WithSummary("Cancels an upload and deletes what has arrived.");
    }
}
