using SpinStudio.Engine.Hub;
using SpinStudio.Testing;

namespace SpinStudio.Cli.Tests;

public sealed class PushTests : IDisposable
{
    private static readonly string Sample = Path.Combine(Spinstudio.Repository, "samples", "model");

    private readonly LoopbackHub _hub = new() { Token = "hf_writes" };
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_model_that_was_pushed_is_pulled_again_byte_for_byte()
    {
        Assert.Contains($"acme/mine@trial at commit {LoopbackHub.Commit}:", (await RunAsync("push", Sample, "acme/mine@trial", "--create", "--message", "First")).Success(), StringComparison.Ordinal);
        Assert.Equal(("acme/mine", "trial", "First"), (_hub.Uploads.Commits.Single().Repository, _hub.Uploads.Commits.Single().Branch, _hub.Uploads.Commits.Single().Message));
        Assert.Contains("already; nothing was sent", (await RunAsync("push", Sample, "acme/mine@trial")).Success(), StringComparison.Ordinal);

        (await RunAsync("pull", "acme/mine@trial", "--out", _folder["back"])).Success();
        Assert.All(Directory.EnumerateFiles(_folder["back"]), file => Assert.Equal(File.ReadAllBytes(Path.Combine(Sample, Path.GetFileName(file))), File.ReadAllBytes(file)));
        Assert.True(File.Exists(_folder["back/model.safetensors"]));
    }

    [Fact]
    public async Task A_folder_that_is_no_model_is_one_line_and_nothing_is_asked()
    {
        Assert.Contains("config.json", (await RunAsync("push", Path.Combine(Spinstudio.Repository, "samples", "dataset"), "acme/mine")).Refusal(), StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    private async Task<Spinstudio.Outcome> RunAsync(params string[] arguments)
    {
        using var process = Spinstudio.Start(new() { [HubOptions.TokenVariable] = _hub.Token }, [.. arguments, "--endpoint", _hub.Address.ToString()]);
        return await Spinstudio.Finish(process);
    }
}
