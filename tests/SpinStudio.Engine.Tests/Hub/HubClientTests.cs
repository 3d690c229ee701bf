using System.Security.Cryptography;
using SpinStudio.Engine.Hub;
using SpinStudio.Testing;

namespace SpinStudio.Engine.Tests.Hub;

public sealed class HubClientTests : IDisposable
{
    private const string Weights = "model.safetensors";

    private readonly LoopbackHub _server = new();
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new(HttpSource.Handler());
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(300_000);

    public HubClientTests()
    {
        _server.Add("acme/tiny", Weights, _bytes);
        _server.Add("acme/tiny", "config.json", "{}");
        _server.Add("acme/tiny", "pytorch_model.bin", "pickle");
        _server.Add("acme/tiny", "modeling.py", "import os");
        _server.Add("acme/tiny", "onnx/config.json", "{}");
        _server.Add("datasets/acme/rows", "data/train.jsonl", "{}\n");
        _server.Add("datasets/acme/rows", "load.py", "import os");
    }

    public void Dispose()
    {
        _http.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_revision_becomes_a_commit_with_files_sizes_and_hashes()
    {
        var listing = await Client().ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/tiny"));

        Assert.Equal((LoopbackHub.Commit, "apache-2.0"), (listing.Commit, listing.License));
        Assert.Equal(new HubFile(Weights, _bytes.Length, Convert.ToHexStringLower(SHA256.HashData(_bytes)), null), listing.Files.Single(file => file.Path == Weights));
        Assert.Equal([Weights, "config.json"], HubFiles.OfModel(listing).Select(file => file.Path).Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public async Task Of_a_dataset_only_rows_and_text_are_taken()
    {
        var listing = await Client().ResolveAsync(HubRepository.Parse(HubKind.Dataset, "acme/rows"));
        Assert.Equal(["data/train.jsonl"], HubFiles.OfDataset(listing).Select(file => file.Path));
        await Client().DownloadAsync(listing, listing.Files.Single(file => file.Path == "data/train.jsonl"), _folder.In("train.jsonl"), _ => { });
        Assert.Equal("{}\n", await File.ReadAllTextAsync(_folder.In("train.jsonl")));
    }

    [Fact]
    public async Task A_cut_connection_is_taken_up_where_it_broke()
    {
        _server.Cut(Weights, after: 100_000, times: 2);
        var told = await DownloadAsync();

        Assert.Equal(_bytes, await File.ReadAllBytesAsync(_folder.In(Weights)));
        var ranges = _server.Requests.Where(request => request.Path.EndsWith(Weights, StringComparison.Ordinal)).Select(request => request.Range).ToList();
        Assert.Equal(3, ranges.Count);
        Assert.Null(ranges[0]);
        Assert.All(ranges.Skip(1), range => Assert.StartsWith("bytes=", range, StringComparison.Ordinal));
        Assert.Equal(_bytes.Length, told[^1]);
        Assert.Equal([_folder.In(Weights)], Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task What_another_process_left_is_gone_on_with()
    {
        _server.Cut(Weights, after: 100_000, times: 1);
        using (var stop = new CancellationTokenSource())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DownloadAsync(done =>
            {
                if (done >= 60_000)
                    stop.Cancel();
            }, cancellation: stop.Token));
        }
        var left = new FileInfo(_folder.In(Weights + ".part")).Length;
        Assert.InRange(left, 1, _bytes.Length - 1);
        Assert.False(File.Exists(_folder.In(Weights)));

        await DownloadAsync();
        Assert.Equal($"bytes={left}-", _server.Requests.Last().Range);
        Assert.NotNull(_server.Requests.Last().IfRange);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(_folder.In(Weights)));
    }

    [Fact]
    public async Task A_file_that_changed_meanwhile_is_downloaded_anew()
    {
        await File.WriteAllBytesAsync(_folder.In(Weights + ".part"), new byte[1000]);
        await DownloadAsync();
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(_folder.In(Weights)));
    }

    [Fact]
    public async Task A_wrong_hash_leaves_no_file()
    {
        _server.WrongHash = new string('0', 64);
        var refused = await Assert.ThrowsAsync<BadInputException>(() => DownloadAsync());
        Assert.Contains("SHA-256 of model.safetensors is", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task A_finished_file_is_not_downloaded_twice_but_a_damaged_one_is()
    {
        await DownloadAsync();
        var before = _server.Requests.Count;
        await DownloadAsync();
        Assert.Equal(before + 1, _server.Requests.Count); // the listing alone

        var damaged = _bytes.ToArray();
        damaged[5] ^= 1;
        await File.WriteAllBytesAsync(_folder.In(Weights), damaged);
        await DownloadAsync();
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(_folder.In(Weights)));
    }

    [Fact]
    public async Task The_token_opens_a_private_repository_and_goes_nowhere_else()
    {
        using var other = new LoopbackHub();
        var away = other.AddFile("/blob", _bytes);
        _server.Token = "hf_secret";
        _server.Redirect($"/acme/tiny/resolve/{LoopbackHub.Commit}/{Weights}", away);

        await DownloadAsync(token: "hf_secret");

        Assert.Equal(_bytes, await File.ReadAllBytesAsync(_folder.In(Weights)));
        Assert.All(_server.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Null(Assert.Single(other.Requests).Authorization);
    }

    [Fact]
    public async Task A_redirect_to_a_host_that_is_not_the_hub_s_is_refused()
    {
        _server.Redirect($"/acme/tiny/resolve/{LoopbackHub.Commit}/{Weights}", new Uri("http://169.254.169.254/latest"));
        var refused = await Assert.ThrowsAsync<BadInputException>(() => DownloadAsync());
        Assert.Contains("redirects to http://169.254.169.254, which is not an allowed address", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "Set HF_TOKEN to a token that may read it")]
    [InlineData("hf_wrong", "The token in HF_TOKEN may not read it")]
    public async Task A_private_repository_says_what_opens_it(string? token, string words)
    {
        _server.Token = "hf_secret";
        var refused = await Assert.ThrowsAsync<BadInputException>(() => Client(token).ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/tiny")));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme/none")]
    [InlineData("acme/tiny@nowhere")]
    public async Task What_is_not_there_is_named(string repository)
    {
        var refused = await Assert.ThrowsAsync<BadInputException>(() => Client().ResolveAsync(HubRepository.Parse(HubKind.Model, repository)));
        Assert.Contains("404", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_hub_is_given_the_time_that_it_asks_for()
    {
        _server.Busy = (2, 1);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await Client().ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/tiny"));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 1.9, 30);
    }

    [Fact]
    public async Task A_hub_that_asks_for_hours_is_not_waited_for()
    {
        _server.Busy = (1, 7200);
        var refused = await Assert.ThrowsAsync<IOException>(() => Client().ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/tiny")));
        Assert.Contains("asks to wait 120 minutes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_of_pickles_alone_is_refused_by_the_file_s_name()
    {
        _server.Add("acme/old", "pytorch_model.bin", "pickle");
        _server.Add("acme/old", "config.json", "{}");
        var listing = await Client().ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/old"));
        Assert.Contains("pytorch_model.bin, a pickle", Assert.Throws<BadInputException>(() => HubFiles.OfModel(listing)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme/tiny", "acme/tiny", "main")]
    [InlineData("gpt2@v1.0", "gpt2", "v1.0")]
    [InlineData(" acme/tiny@refs/pr/1 ", "acme/tiny", "refs/pr/1")]
    [InlineData("https://huggingface.co/acme/tiny/tree/main", "acme/tiny", "main")]
    [InlineData("https://huggingface.co/datasets/acme/rows", "acme/rows", "main")]
    public void A_repository_is_read_from_its_name_or_its_page(string text, string name, string revision) =>
        Assert.Equal(new HubRepository(HubKind.Model, name, revision), HubRepository.Parse(HubKind.Model, text));

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("../etc")]
    [InlineData("acme/..")]
    [InlineData("acme/tiny@../../x")]
    [InlineData("acme/tiny?x=1")]
    [InlineData("acme/ti ny")]
    [InlineData("-x/y")]
    public void Anything_else_is_no_repository(string text) => Assert.Throws<BadInputException>(() => HubRepository.Parse(HubKind.Model, text));

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("a//b")]
    public async Task A_listing_with_a_path_that_leads_out_is_refused(string path)
    {
        _server.Add("acme/evil", path, "x");
        var refused = await Assert.ThrowsAsync<BadInputException>(() => Client().ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/evil")));
        Assert.Contains("no path within a repository", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_do_not_print_the_token() => Assert.DoesNotContain("hf_secret", $"{new HubOptions(_server.Address, "hf_secret")}", StringComparison.Ordinal);

    private HubClient Client(string? token = null) => new(_http, new HubOptions(_server.Address, token));

    private async Task<List<long>> DownloadAsync(Action<long>? tell = null, string? token = null, CancellationToken cancellation = default)
    {
        var told = new List<long>();
        var listing = await Client(token).ResolveAsync(HubRepository.Parse(HubKind.Model, "acme/tiny"), cancellation);
        await Client(token).DownloadAsync(listing, listing.Files.Single(file => file.Path == Weights), _folder.In(Weights), done =>
        {
            told.Add(done);
            tell?.Invoke(done);
        }, cancellation);
        return told;
    }
}
