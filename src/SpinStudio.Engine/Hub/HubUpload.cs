using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Hub;

/// <summary>What a push came to.</summary>
/// <param name="Commit">The new commit; null when everything was there already.</param>
/// <param name="Sent">Files of the commit.</param>
/// <param name="Present">Files that the branch had already, byte for byte.</param>
public sealed record HubPush(string? Commit, IReadOnlyList<LocalFile> Sent, IReadOnlyList<LocalFile> Present);

/// <summary>
/// Uploads files to a Hugging Face-compatible hub as one commit: the hub says which files go to its large file storage, these are sent there by their SHA-256, then the commit names them and
/// holds the small ones. Sent again after a failure, what has arrived is not sent twice; the branch changes at the end, whole or not at all.
/// </summary>
/// <param name="http">Its handler must not follow redirects; see <see cref="HttpSource.Handler"/>.</param>
public sealed class HubUpload(HttpClient http, HubOptions options, TimeProvider? time = null)
{
    /// <summary>Most bytes of small files in one commit, which is one request.</summary>
    private const long MostInline = 64 << 20;

    private const int AskedTogether = 256;

    private readonly HttpSource _hub = new(http, options.Token, _ => false, time);

    /// <summary>Pushes to the repository's branch.</summary>
    /// <param name="create">Make the repository (private) and the branch where they do not exist.</param>
    /// <param name="message">The commit's first line.</param>
    /// <param name="tell">Called with bytes sent to large file storage, off and on.</param>
    /// <exception cref="BadInputException">There is no token, no such repository or branch, or the hub refuses.</exception>
    /// <exception cref="IOException">The connection fails again and again; what has arrived need not be sent again.</exception>
    public async Task<HubPush> PushAsync(HubRepository repository, IReadOnlyList<LocalFile> files, string message, bool create, Action<long> tell, CancellationToken cancellation = default)
    {
        if (options.Token is null)
            throw new BadInputException($"a push needs a token that may write to {repository}; set {HubOptions.TokenVariable} to it");
        if (create)
            await CreateAsync(repository, cancellation);
        var listing = await new HubClient(http, options, time).ResolveAsync(repository, cancellation);
        var there = listing.Files.DistinctBy(file => file.Path).ToDictionary(file => file.Path, StringComparer.Ordinal);
        var present = files.Where(file => there.TryGetValue(file.Path, out var known) && (known.Sha256 == file.Sha256 || known.GitSha1 == file.GitSha1)).ToList();
        List<LocalFile> wanted = [.. files.Except(present)];
        if (wanted.Count == 0)
            return new HubPush(null, [], present);

        var large = await AskModesAsync(repository, wanted, cancellation);
        var inline = wanted.Where(file => !large.Contains(file)).Sum(file => file.Size);
        if (inline > MostInline)
            throw new BadInputException($"{options.Endpoint.Authority} wants {inline} bytes of small files in one commit; the limit is {MostInline}. Push them in parts");
        await new LargeFileUpload(_hub, options).SendAsync(repository, large, tell, cancellation);
        return new HubPush(await CommitAsync(repository, wanted, large, message, cancellation), wanted, present);
    }

    private async Task CreateAsync(HubRepository repository, CancellationToken cancellation)
    {
        var name = repository.Name.Split('/');
        object wanted = new { type = repository.Kind == HubKind.Dataset ? "dataset" : "model", name = name[^1], organization = name.Length > 1 ? name[0] : null, @private = true };
        await PostAsync("api/repos/create", wanted, cancellation, HttpStatusCode.Conflict);
        if (repository.Revision != HubRepository.Main)
            await PostAsync($"{Api(repository)}/branch/{Uri.EscapeDataString(repository.Revision)}", new { }, cancellation, HttpStatusCode.Conflict);
    }

    /// <summary>Which files go to large file storage.</summary>
    private async Task<HashSet<LocalFile>> AskModesAsync(HubRepository repository, IReadOnlyList<LocalFile> files, CancellationToken cancellation)
    {
        var large = new HashSet<LocalFile>();
        foreach (var chunk in files.Chunk(AskedTogether))
        {
            var asked = new { files = chunk.Select(file => new { path = file.Path, sample = Convert.ToBase64String(file.Sample()), size = file.Size }) };
            using var answer = await PostAsync($"{Api(repository)}/preupload/{Uri.EscapeDataString(repository.Revision)}", asked, cancellation);
            var modes = answer.RootElement.Get("files") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().DistinctBy(file => Text(file, "path")).ToDictionary(file => Text(file, "path") ?? "", file => Text(file, "uploadMode")) : [];
            foreach (var file in chunk)
            {
                if (modes.GetValueOrDefault(file.Path) is not ("lfs" or "regular"))
                    throw new BadInputException($"{options.Endpoint.Authority} does not say how to upload {file.Path}; is it a Hugging Face-compatible hub?");
                if (modes[file.Path] == "lfs")
                    large.Add(file);
            }
        }
        return large;
    }

    /// <summary>One line of JSON for the message, one for each file: its content, or the name that it has in large file storage.</summary>
    private async Task<string> CommitAsync(HubRepository repository, IReadOnlyList<LocalFile> files, HashSet<LocalFile> large, string message, CancellationToken cancellation)
    {
        var lines = new StringBuilder();
        Add("header", new { summary = message, description = "" });
        foreach (var file in files)
        {
            if (large.Contains(file))
                Add("lfsFile", new { path = file.Path, algo = "sha256", oid = file.Sha256, size = file.Size });
            else
                Add("file", new { path = file.Path, content = Convert.ToBase64String(file.Content()), encoding = "base64" });
        }
        var body = Encoding.UTF8.GetBytes(lines.ToString());
        using var answer = await PostAsync($"{Api(repository)}/commit/{Uri.EscapeDataString(repository.Revision)}", () => new ByteArrayContent(body), "application/x-ndjson", cancellation);
        return Text(answer.RootElement, "commitOid") ?? throw new BadInputException($"{options.Endpoint.Authority} names no commit in its answer; is it a Hugging Face-compatible hub?");

        void Add(string key, object value) => lines.Append(JsonSerializer.Serialize(new { key, value }, RunJson.Line)).Append('\n');
    }

    private Task<JsonDocument> PostAsync(string path, object body, CancellationToken cancellation, HttpStatusCode? alsoFine = null) =>
        PostAsync(path, () => new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)), "application/json", cancellation, alsoFine);

    private async Task<JsonDocument> PostAsync(string path, Func<HttpContent> body, string type, CancellationToken cancellation, HttpStatusCode? alsoFine = null)
    {
        var address = new Uri(options.Endpoint, path);
        using var response = await _hub.SendAsync(address, options.Endpoint, _ =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = body() };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            return request;
        }, cancellation);
        return await HubAnswer.ReadAsync(response, address, alsoFine, cancellation);
    }

    private static string Api(HubRepository repository) => $"api/{(repository.Kind == HubKind.Model ? "models" : "datasets")}/{repository.Name}";

    private static string? Text(JsonElement json, string key) => json.Get(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
