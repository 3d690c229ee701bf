using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Hub;

/// <summary>
/// Sends files to a hub's large file storage by Git LFS' batch protocol: each is named by its SHA-256, what the storage has already is not sent, the rest goes to addresses that the hub names, whole
/// or in parts of the size that it asks for.
/// </summary>
internal sealed class LargeFileUpload(HttpSource hub, HubOptions options)
{
    private const string Json = "application/vnd.git-lfs+json";
    private const string PartBytes = "chunk_size";
    private const int AskedTogether = 100;

    /// <summary>Ways of sending that are known here.</summary>
    private static readonly string[] Transfers = ["basic", "multipart"];

    /// <param name="tell">Called with bytes that are there, off and on.</param>
    /// <exception cref="BadInputException">The hub refuses, or its answer makes no sense.</exception>
    /// <exception cref="IOException">The connection fails again and again.</exception>
    public async Task SendAsync(HubRepository repository, IReadOnlyCollection<LocalFile> files, Action<long> tell, CancellationToken cancellation)
    {
        var prefix = repository.Kind == HubKind.Dataset ? "datasets/" : "";
        var address = new Uri(options.Endpoint, $"{prefix}{repository.Name}.git/info/lfs/objects/batch");
        long done = 0;
        // The same content under two names is one object.
        foreach (var chunk in files.DistinctBy(file => file.Sha256).Chunk(AskedTogether))
        {
            using var answer = await PostAsync(address, new
            {
                operation = "upload",
                transfers = Transfers,
                objects = chunk.Select(file => new { oid = file.Sha256, size = file.Size }),
                hash_algo = "sha256",
                @ref = new { name = repository.Revision },
            }, cancellation);
            var told = answer.RootElement.Get("objects") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().DistinctBy(item => Text(item, "oid")).ToDictionary(item => Text(item, "oid") ?? "") : [];
            foreach (var file in chunk)
            {
                await SendAsync(file, told.TryGetValue(file.Sha256, out var item) ? item : throw NoSense($"names no place for {file.Path}"), sent => tell(done + sent), cancellation);
                tell(done += file.Size);
            }
        }
    }

    private async Task SendAsync(LocalFile file, JsonElement item, Action<long> tell, CancellationToken cancellation)
    {
        if (item.Get("error") is { } error)
            throw new BadInputException($"{options.Endpoint.Authority} does not take {file.Path}: {Text(error, "message") ?? "no reason given"}");
        if (item.Get("actions")?.Get("upload") is { } upload)
        {
            var header = upload.Get("header");
            if (header?.Get(PartBytes) is { } size)
                await SendPartsAsync(file, upload, header.Value, long.TryParse(size.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0 ? bytes : throw NoSense($"asks for parts of '{size}' bytes"), tell, cancellation);
            else
                await PutAsync(file, 0, file.Size, Address(upload), header, tell, cancellation);
        }
        if (item.Get("actions")?.Get("verify") is { } verify)
            (await PostAsync(Address(verify), new { oid = file.Sha256, size = file.Size }, cancellation)).Dispose();
    }

    /// <summary>The parts by number, each with an address of its own; then the list of what the storage called them.</summary>
    private async Task SendPartsAsync(LocalFile file, JsonElement upload, JsonElement header, long partBytes, Action<long> tell, CancellationToken cancellation)
    {
        var places = header.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.String && int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(entry => (Number: int.Parse(entry.Name, CultureInfo.InvariantCulture), Address: Address(entry.Value.GetString()!))).OrderBy(part => part.Number).ToList();
        if (places.Count != (file.Size + partBytes - 1) / partBytes)
            throw NoSense($"names {places.Count} places for {file.Size} bytes in parts of {partBytes}");
        var parts = new List<object>();
        foreach (var (index, part) in places.Index())
        {
            var from = index * partBytes;
            var tag = await PutAsync(file, from, Math.Min(partBytes, file.Size - from), part.Address, null, tell, cancellation);
            parts.Add(new { partNumber = part.Number, etag = tag ?? throw NoSense($"gives part {part.Number} of {file.Path} no name") });
        }
        (await PostAsync(Address(upload), new { oid = file.Sha256, parts }, cancellation)).Dispose();
    }

    /// <returns>The storage's name for what it got.</returns>
    private async Task<string?> PutAsync(LocalFile file, long from, long count, Uri address, JsonElement? header, Action<long> tell, CancellationToken cancellation)
    {
        using var response = await hub.SendAsync(address, options.Endpoint, alive =>
        {
            var request = new HttpRequestMessage(HttpMethod.Put, address)
            {
                Content = new FilePart(file, from, count, sent =>
                {
                    alive();
                    tell(from + sent);
                }),
            };
            foreach (var entry in header is { ValueKind: JsonValueKind.Object } given ? given.EnumerateObject() : default)
                if (entry.Value.ValueKind == JsonValueKind.String && !request.Headers.TryAddWithoutValidation(entry.Name, entry.Value.GetString()))
                    request.Content.Headers.TryAddWithoutValidation(entry.Name, entry.Value.GetString());
            return request;
        }, cancellation);
        await HubAnswer.CheckAsync(response, address, cancellation);
        return response.Headers.ETag?.ToString() ?? (response.Headers.TryGetValues("ETag", out var tags) ? tags.First() : null);
    }

    private async Task<JsonDocument> PostAsync(Uri address, object body, CancellationToken cancellation)
    {
        using var response = await hub.SendAsync(address, options.Endpoint, _ =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(Json);
            request.Headers.Accept.ParseAdd(Json);
            return request;
        }, cancellation);
        return await HubAnswer.ReadAsync(response, address, null, cancellation);
    }

    private Uri Address(JsonElement action) => Address(Text(action, "href") ?? throw NoSense("names an upload without an address"));

    /// <summary>Storage may be anywhere, but never less protected than the hub is.</summary>
    private Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == "https" || address.Scheme == options.Endpoint.Scheme) && address.UserInfo.Length == 0
        ? address
        : throw NoSense($"names the address '{text}' for an upload");

    private BadInputException NoSense(string what) => new($"{options.Endpoint.Authority} {what}; is it a Hugging Face-compatible hub?");

    private static string? Text(JsonElement json, string key) => json.Get(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
