using SpinStudio.Testing;

namespace SpinStudio.Cli.Tests;

public sealed class PullTests : IDisposable
{
    private static readonly string Sample = Path.Combine(Spinstudio.Repository, "samples", "model");

    private readonly LoopbackHub _hub = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_model_is_pulled_checked_and_not_pulled_twice()
    {
        _hub.AddFolder("acme/sample", Sample);
        _hub.Add("acme/sample", "evil.py", "import os");
        _hub.Cut("model.safetensors", after: 500_000);

        var output = (await PullAsync("acme/sample")).Success();

        Assert.Contains($"at commit {LoopbackHub.Commit}: 6 files", output, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Sample, "model.safetensors")), await File.ReadAllBytesAsync(_folder["out/model.safetensors"]));
        Assert.False(File.Exists(_folder["out/evil.py"]));
        var asked = _hub.Requests.Count;
        (await PullAsync("acme/sample")).Success();
        Assert.Equal(asked + 1, _hub.Requests.Count);
    }

    [Fact]
    public async Task A_dataset_keeps_its_folders()
    {
        _hub.Add("datasets/acme/rows", "data/train.jsonl", "{\"prompt\":\"a\",\"response\":\"b\"}\n");
        (await PullAsync("acme/rows", "--dataset")).Success();
        Assert.True(File.Exists(_folder["out/data/train.jsonl"]));
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_one_line() =>
        Assert.Contains("404", (await PullAsync("acme/none")).Refusal(), StringComparison.Ordinal);

    private Task<Spinstudio.Outcome> PullAsync(string repository, params string[] more) =>
        Spinstudio.Run(["pull", repository, "--out", _folder["out"], "--endpoint", _hub.Address.ToString(), .. more]);
}
