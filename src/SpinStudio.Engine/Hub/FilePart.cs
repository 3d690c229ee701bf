using System.Net;

namespace SpinStudio.Engine.Hub;

/// <summary>Bytes of a file as the body of a request, told as they go out.</summary>
/// <param name="tell">Called with bytes sent.</param>
internal sealed class FilePart(LocalFile file, long from, long count, Action<long> tell) : HttpContent
{
    private const int BufferSize = 1 << 17;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(file.FullPath, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, useAsync: true);
        if (content.Length != file.Size)
            throw file.Changed();
        content.Seek(from, SeekOrigin.Begin);
        var buffer = new byte[BufferSize];
        for (long sent = 0; sent < count;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferSize, count - sent)), cancellationToken);
            if (read == 0)
                throw file.Changed();
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            tell(sent += read);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = count;
        return true;
    }
}
