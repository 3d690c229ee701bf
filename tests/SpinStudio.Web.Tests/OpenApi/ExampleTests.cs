using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Examples;
using SpinStudio.Testing;
using SpinStudio.Web.Features.Account;
using SpinStudio.Web.Features.Tokens;

namespace SpinStudio.Web.Tests.OpenApi;

/// <summary>The programs of docs/examples against a studio that listens, each with a token.</summary>
public sealed class ExampleTests : IAsyncLifetime
{
    private const string Name = "ada";
    private readonly StudioHost host = new StudioHost().Listening();
    private string token = "";
    private Guid model;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<AccountService>().SetUpAsync(Name, StudioHost.Password, default);
        await using var asAda = await host.AsAsync(Name);
        token = (await asAda.ServiceProvider.GetRequiredService<ApiTokens>().CreateAsync(new NewToken("examples", TokenScope.Run))).Secret;
        (model, _) = await host.InputsAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_shell_script_goes_from_a_token_to_a_finished_run_that_the_others_can_follow()
    {
        var rows = Path.Combine(host.Data, "rows.jsonl");
        await File.WriteAllTextAsync(rows, DatasetApi.Rows(40, i => ($"Prompt {i}", $"Answer {i}")));
        var said = await RunAsync("bash", Checkout.In("docs", "examples", "train.sh"), Studio, token, rows);
        Assert.Contains("status completed", said, StringComparison.Ordinal);
        Assert.StartsWith("PK", await File.ReadAllTextAsync(Path.Combine(host.Data, "rows.zip")), StringComparison.Ordinal);
        var run = said.Split('\n').Single(line => line.StartsWith("run ", StringComparison.Ordinal))["run ".Length..].Trim();

        var heard = await RunAsync("node", Checkout.In("docs", "examples", "follow-run.mjs"), Studio, token, run);
        Assert.Contains("step 4: loss 0.6927", heard, StringComparison.Ordinal);
        Assert.Contains("quick: completed", heard, StringComparison.Ordinal);

        var kinds = new List<string>();
        var follower = new RunFollower(host.Address!, token);
        Assert.Equal("completed", await follower.FollowAsync(Guid.Parse(run), lastSeq: 3, happened => kinds.Add(happened.GetProperty("kind").GetString()!)));
        Assert.Equal("finished", kinds[^1]);
        Assert.Equal(follower.LastSeq - 3, kinds.Count);
        Assert.Equal(model, await ModelOfAsync(Guid.Parse(run)));
    }

    [Fact]
    public async Task Who_follows_a_run_that_is_not_theirs_is_told_so()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => new RunFollower(host.Address!, token).FollowAsync(Guid.NewGuid(), 0, _ => { }));
        Assert.Contains("There is no such run.", refused.Message, StringComparison.Ordinal);
    }

    private string Studio => host.Address!.ToString().TrimEnd('/');

    private async Task<Guid?> ModelOfAsync(Guid run)
    {
        await using var db = host.Db();
        return (await db.Runs.FindAsync(run))!.ModelId;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {said}{await errors}");
        return said;
    }
}
