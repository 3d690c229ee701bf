using System.Text.Json;

namespace SpinStudio.Engine.Hub;

/// <summary>A Hugging Face-compatible hub: what a repository holds at a commit, and its files, checked against the size and hash that the hub tells.</summary>
/// <param name="http">Its handler must not follow redirects; see <see cref="HttpSource.Handler"/>.</param>
/// <param name="patient">False: somebody waits for the answer, so a hub that is busy or away is told at once rather than asked again for minutes.</param>
public sealed class HubClient(HttpClient http, HubOptions options, TimeProvider? time = null, bool patient = true)
{
    private const long LongestListing = 64 << 20;

    private readonly HttpSource _source = patient
        ? new(http, options.Token, options.MayFollow, time)
        : new(http, options.Token, options.MayFollow, time) { MostTries = 2, LongestWait = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromSeconds(15) };

    /// <summary>Resolves a revision to a commit with its files.</summary>
    /// <exception cref="BadInputException">There is no such repository or revision, or it may not be read.</exception>
    /// <exception cref="IOException">The hub does not answer.</exception>
    public async Task<HubListing> ResolveAsync(HubRepository repository, CancellationToken cancellation = default)
    {
        var collection = repository.Kind == HubKind.Model ? "models" : "datasets";
        var address = new Uri(options.Endpoint, $"api/{collection}/{repository.Name}/revision/{Uri.EscapeDataString(repository.Revision)}?blobs=true");
        try
        {
            using var response = await _source.GetAsync(address, null, cancellation);
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            using var json = await JsonDocument.ParseAsync(await LimitedAsync(body, cancellation), new JsonDocumentOptions { MaxDepth = 32 }, cancellation);
            return HubListing.Read(repository, json.RootElement);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{address.Authority} did not answer with JSON about {repository}; is it a Hugging Face-compatible hub?", e);
        }
    }

    /// <summary>Downloads a file of a listing; one that is there with the right size and hash is left as it is.</summary>
    /// <param name="path">Final name; its folder must exist.</param>
    /// <param name="tell">Called with the file's bytes on disk, off and on.</param>
    /// <exception cref="BadInputException">The hub refuses, or the file is not what the listing says.</exception>
    /// <exception cref="IOException">The connection fails again and again; what arrived is kept.</exception>
    public async Task DownloadAsync(HubListing listing, HubFile file, string path, Action<long> tell, CancellationToken cancellation = default)
    {
        var expected = new ExpectedFile(file.Size, file.Sha256, file.GitSha1);
        if (expected.Hashed && File.Exists(path) && await expected.ProblemAsync(path, file.Path, cancellation) is null)
        {
            tell(file.Size);
            return;
        }
        var prefix = listing.Repository.Kind == HubKind.Dataset ? "datasets/" : "";
        var within = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri(options.Endpoint, $"{prefix}{listing.Repository.Name}/resolve/{listing.Commit}/{within}");
        await new ResumableDownload(_source).ToFileAsync(address, path, expected, (done, _) => tell(done), cancellation);
    }

    private static async Task<MemoryStream> LimitedAsync(Stream body, CancellationToken cancellation)
    {
        var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (whole.Length + read > LongestListing)
                throw new BadInputException($"the hub's list of files is longer than {LongestListing} bytes");
            whole.Write(buffer, 0, read);
        }
        whole.Position = 0;
        return whole;
    }
}
