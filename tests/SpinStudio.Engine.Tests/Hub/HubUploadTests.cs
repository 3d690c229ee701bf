using System.Security.Cryptography;
using SpinStudio.Engine.Hub;
using SpinStudio.Engine.Models;
using SpinStudio.Testing;

namespace SpinStudio.Engine.Tests.Hub;

public sealed class HubUploadTests : IDisposable
{
    private const string Token = "hf_writes";

    private readonly LoopbackHub _server = new() { Token = Token };
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new(HttpSource.Handler());
    private readonly byte[] _weights = RandomNumberGenerator.GetBytes(300_000);
    private readonly HubRepository _repository = HubRepository.Parse(HubKind.Dataset, "acme/rows");

    public HubUploadTests()
    {
        _server.Uploads.Repositories["datasets/acme/rows"] = ["main"];
        Directory.CreateDirectory(_folder.In("data/part"));
        File.WriteAllText(_folder.In("data/README.md"), "# Rows\n");
        File.WriteAllText(_folder.In("data/part/train.jsonl"), "{\"prompt\":\"a\",\"response\":\"b\"}\n");
        File.WriteAllText(_folder.In("data/load.py"), "import os");
        File.WriteAllText(_folder.In("data/.hidden.json"), "{}");
    }

    public void Dispose()
    {
        _http.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Small_files_are_one_commit_and_nothing_is_pushed_twice()
    {
        var files = LocalFile.OfDataset(_folder.In("data"));
        var first = await PushAsync(files, "Rows of ours");
        Assert.Equal(LoopbackHub.Commit, first.Commit);
        var commit = Assert.Single(_server.Uploads.Commits);
        Assert.Equal(("datasets/acme/rows", "main", "Rows of ours"), (commit.Repository, commit.Branch, commit.Message));
        Assert.Equal(["README.md", "part/train.jsonl"], commit.Paths);

        var second = await PushAsync(LocalFile.OfDataset(_folder.In("data")));
        Assert.Null(second.Commit);
        Assert.Equal(2, second.Present.Count);
        File.AppendAllText(_folder.In("data/part/train.jsonl"), "{\"prompt\":\"c\",\"response\":\"d\"}\n");
        Assert.Equal(["part/train.jsonl"], (await PushAsync(LocalFile.OfDataset(_folder.In("data")))).Sent.Select(file => file.Path));
        Assert.Equal(2, _server.Uploads.Commits.Count);
    }

    [Theory]
    [InlineData(int.MaxValue, 1)]
    [InlineData(100_000, 3)]
    [InlineData(99_999, 4)]
    public async Task Large_files_go_to_storage_whole_or_in_the_parts_that_it_asks_for(int partBytes, int puts)
    {
        _server.Uploads.PartBytes = partBytes;
        var told = new List<long>();
        await PushAsync([Weights()], tell: told.Add);

        Assert.Equal(_weights, _server.Uploads.Stored.Values.Single());
        Assert.Equal(puts, _server.Requests.Count(request => request.Method == "PUT"));
        Assert.Equal(_weights.Length, told[^1]);
        Assert.Equal(told.Order(), told);
        var listing = await new HubClient(_http, Options()).ResolveAsync(_repository);
        await new HubClient(_http, Options()).DownloadAsync(listing, listing.Files.Single(), _folder.In("back"), _ => { });
        Assert.Equal(_weights, await File.ReadAllBytesAsync(_folder.In("back")));
    }

    [Fact]
    public async Task A_dropped_upload_is_sent_again_and_what_arrived_before_a_failure_is_not()
    {
        _server.Uploads.Drops = 2;
        _server.Uploads.Refusal = "quota exceeded\nby far";
        var refused = await Assert.ThrowsAsync<BadInputException>(() => PushAsync([Weights()]));
        Assert.Contains("(400): quota exceeded by far", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, _server.Requests.Count(request => request.Method == "PUT"));
        Assert.Empty(_server.Uploads.Commits);

        _server.Uploads.Refusal = null;
        Assert.NotNull((await PushAsync([Weights()])).Commit);
        Assert.Equal(3, _server.Requests.Count(request => request.Method == "PUT"));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_storage_elsewhere()
    {
        using var storage = new LoopbackHub();
        _server.Uploads.Storage = storage.Address;
        // Kept by the other server, which this one then misses when it is to verify.
        await Assert.ThrowsAsync<BadInputException>(() => PushAsync([Weights()]));
        Assert.Equal(_weights, storage.Uploads.Stored.Values.Single());
        Assert.All(storage.Requests, request => Assert.Null(request.Authorization));
        Assert.All(_server.Requests, request => Assert.Equal("Bearer " + Token, request.Authorization));
    }

    [Theory]
    [InlineData(null, "a push needs a token that may write to acme/rows; set HF_TOKEN to it")]
    [InlineData("hf_reads", "(401)")]
    public async Task Without_a_token_that_may_write_nothing_is_sent(string? token, string expected)
    {
        var refused = await Assert.ThrowsAsync<BadInputException>(() => new HubUpload(_http, new HubOptions(_server.Address, token)).PushAsync(_repository, [Weights()], "m", create: false, _ => { }));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_reads", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Requests, request => request.Method == "PUT");
    }

    [Fact]
    public async Task A_repository_and_a_branch_are_made_where_that_is_asked_for()
    {
        var fresh = HubRepository.Parse(HubKind.Dataset, "acme/fresh@trial");
        var upload = new HubUpload(_http, Options());
        Assert.Contains("404", (await Assert.ThrowsAsync<BadInputException>(() => upload.PushAsync(fresh, [Weights()], "m", create: false, _ => { }))).Message, StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
            await upload.PushAsync(fresh, [Weights()], "m", create: true, _ => { });
        Assert.Equal(["main", "trial"], _server.Uploads.Repositories["datasets/acme/fresh"].Order());
        Assert.Equal(("datasets/acme/fresh", "trial"), (Assert.Single(_server.Uploads.Commits).Repository, _server.Uploads.Commits.Single().Branch));
    }

    [Fact]
    public async Task A_file_that_changes_meanwhile_is_found_out()
    {
        var weights = Weights();
        await File.WriteAllBytesAsync(weights.FullPath, _weights[..^1]);
        Assert.Contains("changed while it was pushed", (await Assert.ThrowsAsync<BadInputException>(() => PushAsync([weights]))).Message, StringComparison.Ordinal);
        Assert.Empty(_server.Uploads.Commits);
    }

    [Fact]
    public void Of_a_model_s_folder_safetensors_json_and_text_are_pushed()
    {
        var model = _folder.In("model");
        ModelFolder.Copy(Sample(), model);
        foreach (var name in new[] { "optimizer.bin", "train.py", "model.gguf", ".secret.json" })
            File.WriteAllText(Path.Combine(model, name), "x");
        var pushed = LocalFile.OfModel(model).Select(file => file.Path).ToList();
        Assert.Contains("model.safetensors", pushed);
        Assert.Contains("tokenizer.json", pushed);
        Assert.DoesNotContain(pushed, path => path is "optimizer.bin" or "train.py" or "model.gguf" or ".secret.json");
    }

    [Fact]
    public void An_adapter_is_pushed_if_its_weights_are_sound()
    {
        Directory.CreateDirectory(_folder.In("adapter"));
        using (var weights = new SafetensorsWriter(_folder.In("adapter/adapter_model.safetensors"), [new("a", "F32", [1])]))
        {
            weights.Write("a", new byte[4]);
            weights.Complete();
        }
        File.WriteAllText(_folder.In("adapter/adapter_config.json"), "{}");
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], LocalFile.OfModel(_folder.In("adapter")).Select(file => file.Path));
        File.WriteAllText(_folder.In("adapter/adapter_model.safetensors"), "PK\u0003\u0004 a pickle");
        Assert.Contains("is a pickle/zip checkpoint", Assert.Throws<BadInputException>(() => LocalFile.OfModel(_folder.In("adapter"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_and_folders_without_rows_are_refused()
    {
        File.CreateSymbolicLink(_folder.In("data/more.jsonl"), _folder.In("data/load.py"));
        Assert.Contains("more.jsonl is a link", Assert.Throws<BadInputException>(() => LocalFile.OfDataset(_folder.In("data"))).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.In("empty"));
        Assert.Contains("has no file of rows", Assert.Throws<BadInputException>(() => LocalFile.OfDataset(_folder.In("empty"))).Message, StringComparison.Ordinal);
        Assert.Contains("has no weights", Assert.Throws<BadInputException>(() => LocalFile.OfModel(ModelWithoutWeights())).Message, StringComparison.Ordinal);
    }

    private string ModelWithoutWeights()
    {
        var model = _folder.In("bare");
        ModelFolder.Copy(Sample(), model);
        File.Delete(Path.Combine(model, "model.safetensors"));
        return model;
    }

    private static string Sample() => Checkout.In("samples", "model");

    /// <summary>Not among what a dataset's folder is searched for, so told by itself.</summary>
    private LocalFile Weights()
    {
        var path = _folder.Write("rows.safetensors", _weights);
        return new LocalFile("rows.safetensors", path, _weights.Length, Convert.ToHexStringLower(SHA256.HashData(_weights)), "");
    }

    private HubOptions Options() => new(_server.Address, Token);

    private Task<HubPush> PushAsync(IReadOnlyList<LocalFile> files, string message = "m", Action<long>? tell = null) => new HubUpload(_http, Options()).PushAsync(_repository, files, message, create: false, tell ?? (_ => { }));
}
