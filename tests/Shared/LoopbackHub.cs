using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Testing;

/// <summary>
/// A hub of our own on this machine, with faults on request: repositories under the addresses that Hugging Face uses, Range and If-Range, redirects, cut connections.
/// </summary>
internal sealed class LoopbackHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly LoopbackServer _server;
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly ConcurrentDictionary<string, (int After, int Times)> _cuts = new();
    private readonly ConcurrentDictionary<string, Uri> _redirects = new();

    public LoopbackHub()
    {
        Uploads = new LoopbackHubUploads(this);
        _server = new LoopbackServer(AnswerAsync);
    }

    public Uri Address => _server.Address;

    /// <summary>What has been and can be pushed.</summary>
    public LoopbackHubUploads Uploads { get; }

    /// <summary>Every request: path with query, Range, If-Range, Authorization, method.</summary>
    public ConcurrentQueue<(string Path, string? Range, string? IfRange, string? Authorization, string Method)> Requests { get; } = [];

    /// <summary>When set, everything else than this bearer token is answered with 401.</summary>
    public string? Token { get; set; }

    /// <summary>So many answers are 429 with this Retry-After (seconds) before the next is a real one.</summary>
    public (int Times, int Seconds) Busy { get; set; }

    /// <summary>Told in listings instead of the real hash.</summary>
    public string? WrongHash { get; set; }

    /// <summary>Files are sent in pieces with this pause between them, so that a download can be watched and stopped.</summary>
    public TimeSpan Pace { get; set; }

    /// <summary>A file of a repository, such as <c>acme/tiny</c> or <c>datasets/acme/rows</c>.</summary>
    public void Add(string repository, string path, byte[] content) => _files[$"/{repository}/resolve/{Commit}/{path}"] = content;

    public void Add(string repository, string path, string content) => Add(repository, path, Encoding.UTF8.GetBytes(content));

    /// <summary>All files of a folder.</summary>
    public void AddFolder(string repository, string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            Add(repository, Path.GetFileName(file), File.ReadAllBytes(file));
    }

    /// <summary>A file outside any repository.</summary>
    public Uri AddFile(string path, byte[] content)
    {
        _files[path] = content;
        return new Uri(Address, path);
    }

    /// <summary>The next answers for the path end after so many bytes of the body.</summary>
    public void Cut(string ending, int after, int times = 1) => _cuts[ending] = (after, times);

    public void Redirect(string path, Uri to) => _redirects[path] = to;

    public void Dispose() => _server.Dispose();

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        Requests.Enqueue((request.RawUrl!, request.Headers["Range"], request.Headers["If-Range"], request.Headers["Authorization"], request.HttpMethod));
        try
        {
            await AnswerAsync(request, response);
            response.Close();
        }
        catch (Exception cut) when (cut is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            response.Abort(); // the other side is gone, or this is a cut of ours
        }
    }

    private async Task AnswerAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        var path = request.Url!.AbsolutePath;
        if (Busy.Times > 0)
        {
            Busy = (Busy.Times - 1, Busy.Seconds);
            response.StatusCode = 429;
            response.Headers["Retry-After"] = $"{Busy.Seconds}";
        }
        // Addresses in storage are keys themselves.
        else if (Token is not null && request.Headers["Authorization"] != $"Bearer {Token}" && !path.StartsWith("/storage/", StringComparison.Ordinal))
        {
            response.StatusCode = 401;
        }
        else if (await Uploads.AnswerAsync(request, response))
        {
            return;
        }
        else if (_redirects.TryGetValue(path, out var target))
        {
            response.StatusCode = 302;
            response.Headers["Location"] = target.ToString();
        }
        else if (path.StartsWith("/api/", StringComparison.Ordinal) && Listing(path) is { } listing)
        {
            await response.OutputStream.WriteAsync(listing);
        }
        else if (_files.TryGetValue(Uri.UnescapeDataString(path), out var content))
        {
            await SendAsync(path, content, request, response);
        }
        else
        {
            response.StatusCode = 404;
        }
    }

    private async Task SendAsync(string path, byte[] content, HttpListenerRequest request, HttpListenerResponse response)
    {
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"";
        var from = request.Headers["Range"] is { } range && (request.Headers["If-Range"] ?? tag) == tag ? int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        response.Headers["ETag"] = tag;
        if (from >= content.Length && from > 0)
        {
            response.StatusCode = 416;
            response.Headers["Content-Range"] = $"bytes */{content.Length}";
            return;
        }
        if (from > 0)
        {
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }
        response.ContentLength64 = content.Length - from;
        var end = content.Length;
        if (_cuts.Keys.FirstOrDefault(ending => path.EndsWith(ending, StringComparison.Ordinal)) is { } cut && _cuts[cut] is { Times: > 0 } left)
        {
            _cuts[cut] = (left.After, left.Times - 1);
            end = Math.Min(end, from + left.After);
        }
        var piece = Pace > TimeSpan.Zero ? 4096 : 1 << 16;
        for (var at = from; at < end; at += piece)
        {
            await response.OutputStream.WriteAsync(content.AsMemory(at, Math.Min(piece, end - at)));
            await response.OutputStream.FlushAsync();
            if (Pace > TimeSpan.Zero)
                await Task.Delay(Pace);
        }
        if (end < content.Length)
            throw new IOException("cut on purpose");
    }

    private byte[]? Listing(string path)
    {
        var parts = path.Split('/');
        var collection = parts[2];
        var at = Array.IndexOf(parts, "revision");
        if (at < 0)
            return null;
        var repository = (collection == "datasets" ? "datasets/" : "") + string.Join('/', parts[3..at]);
        var made = Uploads.Repositories.TryGetValue(repository, out var branches) && branches.Contains(Uri.UnescapeDataString(string.Join('/', parts[(at + 1)..])));
        if (!made && parts[at + 1] is not ("main" or Commit))
            return null;
        var prefix = $"/{repository}/resolve/{Commit}/";
        var files = _files.Where(file => file.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        return files.Count == 0 && !made ? null : JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = repository,
            sha = Commit,
            cardData = new { license = "apache-2.0" },
            siblings = files.Select(file => Entry(file.Key[prefix.Length..], file.Value)),
        });
    }

    private object Entry(string path, byte[] content) => path.EndsWith(".safetensors", StringComparison.Ordinal)
        ? new { rfilename = path, size = content.Length, lfs = new { sha256 = WrongHash ?? Convert.ToHexStringLower(SHA256.HashData(content)), size = content.Length, pointerSize = 134 } }
        : new { rfilename = path, size = content.Length, blobId = BlobId(content) };

    private static string BlobId(byte[] content)
    {
#pragma warning disable CA5350 // as Git names blobs
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }
}
