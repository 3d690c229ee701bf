using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace SpinStudio.Web.Features.Downloads;

/// <summary>Answers with a folder as a zip, written to the response as it is read: no temporary file, no limit but the disk's.</summary>
/// <remarks>Weights do not compress, so entries are stored.</remarks>
internal sealed class FolderZip(string folder, string name) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (!Directory.Exists(folder))
        {
            await Results.Problem($"The files of {name} are no longer on disk.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(httpContext);
            return;
        }

        var response = httpContext.Response;
        var root = SafeName.Of(name);
        response.ContentType = "application/zip";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = root + ".zip" }.ToString();

        // The archive writes its headers and directory, some bytes each, synchronously; the files themselves are copied asynchronously.
        if (httpContext.Features.Get<IHttpBodyControlFeature>() is { } control)
        {
            control.AllowSynchronousIO = true;
        }

        var cancellation = httpContext.RequestAborted;
        await using var zip = await ZipArchive.CreateAsync(response.Body, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).LinkTarget is not null)
            {
                continue;
            }

            var entry = zip.CreateEntry($"{root}/{Path.GetRelativePath(folder, file).Replace('\\', '/')}", CompressionLevel.NoCompression);
            await using var target = await entry.OpenAsync(cancellation);
            await using var source = File.OpenRead(file);
            await source.CopyToAsync(target, cancellation);
        }
    }
}

/// <summary>File names for what people named freely.</summary>
internal static class SafeName
{
    /// <summary>Letters, digits, dots, dashes and underscores of the name; everything else becomes a dash. Never empty, never a leading dot.</summary>
    public static string Of(string name)
    {
        var kept = new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')]);
        while (kept.Contains("--", StringComparison.Ordinal))
        {
            kept = kept.Replace("--", "-", StringComparison.Ordinal);
        }

        kept = kept.Trim('-', '.');
        return kept.Length == 0 ? "download" : kept[..Math.Min(kept.Length, 100)];
    }
}
