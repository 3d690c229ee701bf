using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Tests;

/// <summary>A run whose opponent answers on a server: our own, in a process of its own.</summary>
public sealed class EndpointTests(SampleWorkshop workshop) : IClassFixture<SampleWorkshop>
{
    private static readonly string Model = Path.Combine(Spinstudio.Repository, "samples", "model");

    [Fact]
    public async Task A_server_answers_as_the_engine_does_and_each_iteration_waits_for_its_opponent()
    {
        var folder = new RunFolder(workshop["elsewhere-run"]);
        var chat = new RunFolder(workshop["chat-run"]);
        var (first, address) = await ServeAsync(Model, "opponent-0", 0);
        var config = workshop.Config("elsewhere", config => Greedy(config, address, iterations: 2));
        Spinstudio.Outcome waiting;
        using (first)
        {
            waiting = await Spinstudio.Run("train", config, "--out", folder.Root);
            (await Spinstudio.Run("train", workshop.Config("chat", config => Chat(config, address)), "--out", chat.Root)).Success();
            await EndAsync(first);
        }

        Assert.Equal(1, waiting.ExitCode);
        Assert.Contains($"does not serve 'opponent-1', the opponent of iteration 1 (it serves 'opponent-0'): serve {folder.Model(0)} under that name, then resume", waiting.Error, StringComparison.Ordinal);
        Assert.Equal("endpoint", Assert.IsType<FailedEvent>(Journal(folder)[^1]).Cause);

        var here = new RunFolder(workshop["here-run"]);
        (await Spinstudio.Run("train", workshop.Config("here", config => Greedy(config, null, iterations: 1)), "--out", here.Root)).Success();
        var (there, own) = (Pairs(folder, 0), Pairs(here, 0));
        Assert.Equal(own.Select(pair => (pair.PromptId, pair.Generated, pair.FinishReason)), there.Select(pair => (pair.PromptId, pair.Generated, pair.FinishReason)));
        Assert.Contains(there, pair => pair.FinishReason == "stop");
        Assert.Contains(there, pair => pair.FinishReason == "length");

        // Here both templates are the same, so a chat gives the same answers; the run cannot know and warns, but the server counts as many tokens.
        Assert.Equal(own.Select(pair => pair.Generated), Pairs(chat, 0).Select(pair => pair.Generated));
        var warning = Assert.Single(Journal(chat).OfType<LogEvent>(), log => log.Level == "warning").Message;
        Assert.Contains("the server renders the prompts by its own chat template", warning, StringComparison.Ordinal);

        var (second, _) = await ServeAsync(folder.Model(0), "opponent-1", new Uri(address).Port);
        using (second)
        {
            (await Spinstudio.Run("train", config, "--out", folder.Root, "--resume")).Success();
            await EndAsync(second);
        }
        Assert.IsType<FinishedEvent>(Journal(folder)[^1]);
        Assert.Equal(there.Count, Pairs(folder, 1).Count);
    }

    [Fact]
    public async Task A_key_out_of_the_wrong_variable_is_refused()
    {
        var config = workshop.Config("key", config =>
        {
            Greedy(config, "https://127.0.0.1:1/v1", iterations: 1);
            config["generation"]!["endpoint_key_env"] = "HF_TOKEN";
        });

        var refusal = (await Spinstudio.Run("train", config, "--out", workshop["key-run"])).Refusal();

        Assert.Contains("generation.endpoint_key_env must name an environment variable that begins with SPINSTUDIO_KEY_", refusal, StringComparison.Ordinal);
    }

    private static void Greedy(JsonObject config, string? address, int iterations)
    {
        config["model"] = Model;
        config["iterations"] = iterations;
        config["generation"]!["temperature"] = 0;
        if (address is null) return;
        config["generation"]!["endpoint"] = address;
        config["generation"]!["endpoint_model"] = "opponent-{iteration}";
    }

    private static void Chat(JsonObject config, string address)
    {
        Greedy(config, address, iterations: 1);
        config["generation"]!["endpoint_api"] = "chat";
    }

    private static async Task<(Process Process, string Address)> ServeAsync(string model, string name, int port)
    {
        var process = Spinstudio.Start("serve", "--model", model, "--name", name, "--port", $"{port}", "--dtype", "fp32");
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        return (process, line.Split(" on ")[1].Split(": ")[0].TrimEnd('/') + "/v1");
    }

    private static async Task EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    private static List<Pair> Pairs(RunFolder folder, int iteration) => [.. File.ReadLines(folder.Pairs(iteration)).Select(line => JsonSerializer.Deserialize<Pair>(line, RunJson.Line)!)];

    private static List<JournalEvent> Journal(RunFolder folder) => [.. File.ReadLines(folder.Journal).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!)];
}
