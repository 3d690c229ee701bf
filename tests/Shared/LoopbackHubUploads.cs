using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Testing;

/// <summary>What of the loopback hub takes uploads: repositories, the question how to send a file, large file storage, commits.</summary>
internal sealed class LoopbackHubUploads(LoopbackHub hub)
{
    private readonly ConcurrentDictionary<string, byte[]> _stored = new();
    private readonly ConcurrentDictionary<string, SortedDictionary<int, byte[]>> _parts = new();

    /// <summary>Repositories that exist, such as <c>acme/tiny</c> or <c>datasets/acme/rows</c>, each with its branches.</summary>
    public ConcurrentDictionary<string, HashSet<string>> Repositories { get; } = new();

    /// <summary>Commits: repository, branch, message and paths.</summary>
    public ConcurrentQueue<(string Repository, string Branch, string Message, IReadOnlyList<string> Paths)> Commits { get; } = [];

    /// <summary>Objects of large file storage by their SHA-256.</summary>
    public IReadOnlyDictionary<string, byte[]> Stored => _stored;

    /// <summary>Larger files are asked for in parts of so many bytes.</summary>
    public int PartBytes { get; set; } = int.MaxValue;

    /// <summary>So many uploads of bytes are dropped with 503 after their first kilobytes.</summary>
    public int Drops { get; set; }

    /// <summary>Every commit is refused with these words.</summary>
    public string? Refusal { get; set; }

    /// <summary>Where the storage is said to be; the hub's own address when null.</summary>
    public Uri? Storage { get; set; }

    /// <returns>False: this is no request of an upload.</returns>
    public async Task<bool> AnswerAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        var path = Uri.UnescapeDataString(request.Url!.AbsolutePath).Trim('/');
        if (path.StartsWith("storage/", StringComparison.Ordinal))
            await StoreAsync(path["storage/".Length..], request, response);
        else if (request.HttpMethod != "POST")
            return false;
        else if (path == "api/repos/create")
            Create(await ReadAsync(request), response);
        else if (Split(path, "/branch/") is var (repository, branch))
            response.StatusCode = Repositories[repository].Add(branch) ? 200 : 409;
        else if (Split(path, "/preupload/") is var (asked, revision))
            await TellModesAsync(asked, revision, await ReadAsync(request), response);
        else if (path.EndsWith(".git/info/lfs/objects/batch", StringComparison.Ordinal))
            await TellPlacesAsync(await ReadAsync(request), response);
        else if (Split(path, "/commit/") is var (committed, onto))
            await CommitAsync(committed, onto, request, response);
        else
            return false;
        return true;
    }

    /// <summary>Repository and what follows, of an address such as <c>api/models/acme/tiny/commit/main</c>.</summary>
    private static (string Repository, string After)? Split(string path, string verb)
    {
        var at = path.IndexOf(verb, StringComparison.Ordinal);
        if (at < 0 || !path.StartsWith("api/", StringComparison.Ordinal))
            return null;
        var name = path["api/".Length..at];
        return (name.StartsWith("models/", StringComparison.Ordinal) ? name["models/".Length..] : name, path[(at + verb.Length)..]);
    }

    private void Create(JsonNode wanted, HttpListenerResponse response)
    {
        var name = $"{((string?)wanted["type"] == "dataset" ? "datasets/" : "")}{wanted["organization"]}/{wanted["name"]}";
        response.StatusCode = Repositories.TryAdd(name, ["main"]) ? 200 : 409;
    }

    /// <summary>As the real hub: weights are large, text is not.</summary>
    private async Task TellModesAsync(string repository, string branch, JsonNode asked, HttpListenerResponse response)
    {
        if (!Repositories.TryGetValue(repository, out var branches) || !branches.Contains(branch))
            response.StatusCode = 404;
        else
            await WriteAsync(response, new { files = asked["files"]!.AsArray().Select(file => new { path = (string)file!["path"]!, uploadMode = ((string)file["path"]!).EndsWith(".safetensors", StringComparison.Ordinal) ? "lfs" : "regular", shouldIgnore = false }) });
    }

    private Task TellPlacesAsync(JsonNode asked, HttpListenerResponse response) => WriteAsync(response, new { transfer = "basic", objects = asked["objects"]!.AsArray().Select(item => Place((string)item!["oid"]!, (long)item["size"]!)) });

    private object Place(string oid, long size)
    {
        if (_stored.ContainsKey(oid))
            return new { oid, size };
        var at = new Uri(Storage ?? hub.Address, $"storage/{oid}");
        var header = new Dictionary<string, string>();
        if (size > PartBytes)
        {
            header["chunk_size"] = $"{PartBytes}";
            for (var part = 1; part <= (size + PartBytes - 1) / PartBytes; part++)
                header[$"{part:00000}"] = $"{at}/{part}";
        }
        return new { oid, size, actions = new { upload = new { href = size > PartBytes ? $"{at}/complete" : $"{at}", header }, verify = new { href = new Uri(hub.Address, $"storage/{oid}/verify") } } };
    }

    private async Task StoreAsync(string path, HttpListenerRequest request, HttpListenerResponse response)
    {
        var (oid, rest) = (path.Split('/')[0], path.Split('/').ElementAtOrDefault(1));
        switch (rest)
        {
            case "verify":
                response.StatusCode = _stored.TryGetValue(oid, out var known) && known.Length == (long)(await ReadAsync(request))["size"]! ? 200 : 422;
                return;
            case "complete":
                var tags = (await ReadAsync(request))["parts"]!.AsArray().Select(part => (string)part!["etag"]!);
                response.StatusCode = tags.SequenceEqual(_parts[oid].Values.Select(Tag)) && Keep(oid, [.. _parts[oid].Values.SelectMany(bytes => bytes)]) ? 200 : 422;
                return;
        }
        if (Drops > 0)
        {
            Drops--;
            await request.InputStream.ReadExactlyAsync(new byte[Math.Min(4096, (int)request.ContentLength64)]);
            (response.StatusCode, response.KeepAlive) = (503, false);
            response.Headers["Retry-After"] = "0";
            return;
        }
        var bytes = await BodyAsync(request);
        response.StatusCode = rest is not null || Keep(oid, bytes) ? 200 : 422;
        if (rest is not null)
            _parts.GetOrAdd(oid, _ => [])[int.Parse(rest, System.Globalization.CultureInfo.InvariantCulture)] = bytes;
        response.Headers["ETag"] = Tag(bytes);
    }

    private bool Keep(string oid, byte[] content)
    {
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != oid)
            return false;
        _stored[oid] = content;
        return true;
    }

    /// <summary>Lines of JSON: the message, then the files.</summary>
    private async Task CommitAsync(string repository, string branch, HttpListenerRequest request, HttpListenerResponse response)
    {
        var lines = System.Text.Encoding.UTF8.GetString(await BodyAsync(request)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        var missing = lines.Any(line => (string?)line["key"] == "lfsFile" && !_stored.ContainsKey((string)line["value"]!["oid"]!));
        if (Refusal is not null || missing || request.ContentType != "application/x-ndjson")
        {
            response.StatusCode = 400;
            await WriteAsync(response, new { error = Refusal ?? "a file is not in storage" });
            return;
        }
        foreach (var line in lines.Skip(1))
        {
            var value = line["value"]!;
            hub.Add(repository, (string)value["path"]!, (string?)line["key"] == "lfsFile" ? _stored[(string)value["oid"]!] : Convert.FromBase64String((string)value["content"]!));
        }
        Commits.Enqueue((repository, branch, (string)lines[0]["value"]!["summary"]!, [.. lines.Skip(1).Select(line => (string)line["value"]!["path"]!)]));
        await WriteAsync(response, new { commitOid = LoopbackHub.Commit, commitUrl = $"{hub.Address}{repository}/commit/{LoopbackHub.Commit}" });
    }

    private static async Task<byte[]> BodyAsync(HttpListenerRequest request)
    {
        using var body = new MemoryStream();
        await request.InputStream.CopyToAsync(body);
        return body.ToArray();
    }

    private static async Task<JsonNode> ReadAsync(HttpListenerRequest request) => JsonNode.Parse(await BodyAsync(request))!;

    private static async Task WriteAsync(HttpListenerResponse response, object answer) => await response.OutputStream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer));

    private static string Tag(byte[] bytes) => $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}\"";
}
