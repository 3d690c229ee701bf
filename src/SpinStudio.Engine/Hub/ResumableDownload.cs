using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Hub;

/// <summary>
/// One file on its way to disk. What has arrived is kept in <c>NAME.part</c> when the connection or the process ends, and the next call goes on from there if the server
/// still has the same file. The file appears under its name whole and checked, or not at all.
/// </summary>
public sealed class ResumableDownload(HttpSource source)
{
    private const int BufferSize = 1 << 17;
    private const int MostFailures = 6;

    /// <summary>Downloads.</summary>
    /// <param name="path">Final name; its folder must exist.</param>
    /// <param name="tell">Called with bytes on disk and the size of the whole (null while unknown), off and on.</param>
    /// <exception cref="BadInputException">The server refuses, or the file is not what was expected.</exception>
    /// <exception cref="IOException">The connection fails again and again; what arrived is kept.</exception>
    public async Task ToFileAsync(Uri address, string path, ExpectedFile expected, Action<long, long?> tell, CancellationToken cancellation)
    {
        var part = new PartialFile(path, address);
        for (var failures = 0; ;)
        {
            var before = part.Length;
            try
            {
                if (await ReceiveAsync(address, part, expected, tell, cancellation))
                    break;
            }
            catch (Exception lost) when (HttpSource.IsLost(lost, cancellation) && !IsDiskFull(lost))
            {
                failures = part.Length > before ? 1 : failures + 1;
                if (failures == MostFailures)
                    throw new IOException($"the connection to {address.Authority} failed {MostFailures} times in a row: {HttpSource.Words(lost)}. {part.Length} bytes are kept; the download goes on from there", lost);
                await source.PauseAsync(failures, cancellation);
            }
        }
        await CheckAsync(part, path, expected, cancellation);
        part.Complete();
    }

    /// <returns>True when everything is there; false when it has to be asked for once more.</returns>
    private async Task<bool> ReceiveAsync(Uri address, PartialFile part, ExpectedFile expected, Action<long, long?> tell, CancellationToken cancellation)
    {
        var from = part.ResumeFrom(expected.Hashed);
        if (expected.Size is { } size && from == size)
            return true;
        using var response = await source.GetAsync(address, from > 0 ? (from, part.Condition) : null, cancellation);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // Either all of it had arrived, or the file is another one now.
            var whole = response.Content.Headers.ContentRange?.Length == from && from > 0;
            if (!whole)
                part.Delete();
            return whole;
        }

        var range = response.Content.Headers.ContentRange;
        var resumed = response.StatusCode == HttpStatusCode.PartialContent && range?.From == from;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumed)
        {
            part.Delete();
            return false;
        }
        var start = resumed ? from : 0;
        var total = resumed ? range!.Length : response.Content.Headers.ContentLength;
        CheckSize(address, total, expected);
        part.Remember(response);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await CopyAsync(body, part, start, total, expected.Limit, tell, cancellation);
        if (total is { } promised && length < promised)
            throw new IOException($"the connection ended after {length} of {promised} bytes");
        return true;
    }

    private async Task<long> CopyAsync(Stream body, PartialFile part, long start, long? total, long limit, Action<long, long?> tell, CancellationToken cancellation)
    {
        await using var file = part.Open(start);
        var buffer = new byte[BufferSize];
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            silence.CancelAfter(source.Silence);
            var read = await body.ReadAsync(buffer, silence.Token);
            if (read == 0)
                break;
            if (file.Position + read > limit)
            {
                await file.DisposeAsync();
                part.Delete();
                throw TooLarge(null, limit);
            }
            await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            tell(file.Position, total);
        }
        file.Flush(flushToDisk: true);
        return file.Position;
    }

    private static void CheckSize(Uri address, long? total, ExpectedFile expected)
    {
        if (total is { } length && expected.Size is { } size && length != size)
            throw new BadInputException($"{address.AbsolutePath} has {length} bytes where {size} were announced; the file has changed, so start again");
        if ((total ?? expected.Size) > expected.Limit)
            throw TooLarge(total ?? expected.Size, expected.Limit);
    }

    private static BadInputException TooLarge(long? bytes, long limit) =>
        new(string.Create(CultureInfo.InvariantCulture, $"the file has {(bytes is { } known ? $"{known / 1e6:0.#} MB" : "more bytes than allowed")}; up to {limit / 1e6:0.#} MB are allowed"));

    private static async Task CheckAsync(PartialFile part, string path, ExpectedFile expected, CancellationToken cancellation)
    {
        if (await expected.ProblemAsync(part.Bytes, Path.GetFileName(path), cancellation) is not { } problem)
            return;
        part.Delete();
        throw new BadInputException($"{problem}: it was damaged or changed on its way and is deleted; download it again");
    }

    private static bool IsDiskFull(Exception exception) => exception is IOException { HResult: 28 or unchecked((int)0x80070070) };

    /// <summary>The bytes that have arrived, and what the server said about the file that they are of.</summary>
    private sealed class PartialFile(string path, Uri address)
    {
        private readonly string _about = path + ".part.json";

        private sealed record About(Uri Address, string? ETag, string? LastModified);

        public string Bytes { get; } = path + ".part";

        public long Length => new FileInfo(Bytes) is { Exists: true } file ? file.Length : 0;

        /// <summary>What the server compares: it sends the rest only of the same file.</summary>
        public RangeConditionHeaderValue? Condition => Told() switch
        {
            // A weak tag does not promise the same bytes.
            { ETag: { } tag } when EntityTagHeaderValue.TryParse(tag, out var parsed) && !parsed.IsWeak => new(parsed),
            { LastModified: { } date } when DateTimeOffset.TryParse(date, CultureInfo.InvariantCulture, out var at) => new(at),
            _ => null,
        };

        /// <summary>Where to go on. Bytes that nothing vouches for are not gone on with.</summary>
        /// <param name="known">The whole file's hash is known, so that a mixture would be found out.</param>
        public long ResumeFrom(bool known) => Told()?.Address == address && (known || Condition is not null) ? Length : 0;

        public void Remember(HttpResponseMessage response) =>
            AtomicFile.WriteJson(_about, new About(address, response.Headers.ETag?.ToString(), response.Content.Headers.LastModified?.ToString("O", CultureInfo.InvariantCulture)));

        private About? Told() => File.Exists(_about) ? AtomicFile.ReadJson<About>(_about) : null;

        public FileStream Open(long position)
        {
            var file = new FileStream(Bytes, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, BufferSize);
            file.SetLength(position);
            file.Seek(position, SeekOrigin.Begin);
            return file;
        }

        public void Complete()
        {
            if (!File.Exists(Bytes))
                File.WriteAllBytes(Bytes, []); // an empty file has no bytes to wait for
            File.Move(Bytes, path, overwrite: true);
            File.Delete(_about);
        }

        public void Delete()
        {
            File.Delete(Bytes);
            File.Delete(_about);
        }
    }
}
