using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>From an uploaded file to a dataset version.</summary>
public sealed class DatasetImporting(UploadService uploads)
{
    internal async Task<ImportPreview> PreviewAsync(Guid uploadId, ImportMapping? mapping, CancellationToken cancellation)
    {
        await uploads.CompletedAsync(uploadId, cancellation);
        throw new NotImplementedException();
    }

    internal Task<Guid> ImportAsync(UserInfo me, ImportRequest request, CancellationToken cancellation) => throw new NotImplementedException();
}
