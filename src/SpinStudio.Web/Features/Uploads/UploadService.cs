namespace SpinStudio.Web.Features.Uploads;

/// <param name="Offset">Bytes that have arrived: where the next chunk starts.</param>
/// <param name="Length">Announced size in bytes.</param>
public sealed record UploadInfo(Guid Id, string FileName, long Offset, long Length, bool Complete);
