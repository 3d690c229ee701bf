using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Tests;

public sealed class TrainTests(SampleWorkshop workshop) : IClassFixture<SampleWorkshop>
{
    [Fact]
    public async Task A_run_leaves_a_finished_journal_evaluations_and_a_model_and_prints_the_table()
    {
        var folder = new RunFolder(workshop["plain-run"]);

        var output = (await Spinstudio.Run("train", workshop.Config("plain"), "--out", folder.Root)).Success();

        Assert.Contains("Started on cpu: fp32", output, StringComparison.Ordinal);
        Assert.Contains("iteration 0, train:", output, StringComparison.Ordinal);
        Assert.Matches("(?m)^model +exact +nats/token", output);
        Assert.IsType<FinishedEvent>(Journal(folder)[^1]);
        var inspected = JsonNode.Parse((await Spinstudio.Run("inspect", folder.Root, "--json")).Success())!;
        Assert.Equal("finished", (string)inspected["state"]!);
        Assert.Equal([-1, 0], inspected["evaluations"]!.AsArray().Select(report => (int)report!["iteration"]!));
        (await Spinstudio.Run("inspect", folder.Model(0))).Success();
    }

    [Fact]
    public async Task Json_output_is_the_journal()
    {
        var folder = new RunFolder(workshop["json-run"]);

        var output = (await Spinstudio.Run("train", workshop.Config("json"), "--out", folder.Root, "--json")).Success();

        Assert.Equal(File.ReadAllText(folder.Journal), output);
    }

    [Fact]
    public async Task Asked_to_stop_it_exits_with_75_each_time_and_goes_on_when_resumed()
    {
        var folder = new RunFolder(workshop["stopped-run"]);
        var config = workshop.Config("stopped", config =>
        {
            config["epochs"] = 400;
            config["schedule_epochs"] = 400;
        });
        using (var process = Spinstudio.Start("train", config, "--out", folder.Root))
        {
            while (!File.Exists(folder.Journal) || !Read(folder.Journal).Contains("\"metrics\"", StringComparison.Ordinal))
            {
                Assert.False(process.HasExited, "the run ended before it was stopped");
                await Task.Delay(50);
            }

            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            var stopped = await Spinstudio.Finish(process);
            Assert.Equal(75, stopped.ExitCode);
            Assert.Contains("--resume", stopped.Output, StringComparison.Ordinal);
        }

        Assert.IsType<StoppedEvent>(Journal(folder)[^1]);
        var again = (await Spinstudio.Run("train", config, "--out", folder.Root)).Refusal();
        Assert.Contains("--resume", again, StringComparison.Ordinal);

        using (var process = Spinstudio.Start("train", config, "--out", folder.Root, "--resume"))
        {
            while (!Read(folder.Journal).Contains("\"resumed\":true", StringComparison.Ordinal))
            {
                Assert.False(process.HasExited, "the run ended before it was resumed");
                await Task.Delay(50);
            }

            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            Assert.Equal(75, (await Spinstudio.Finish(process)).ExitCode);
        }
    }

    [Fact]
    public async Task A_missing_config_is_refused() => Assert.Contains("nowhere.json", await Refusal(workshop["nowhere.json"]), StringComparison.Ordinal);

    [Fact]
    public async Task An_unknown_key_is_refused_with_the_nearest_known_one() =>
        Assert.Contains("learning_rate", await Refusal(workshop.Config("typo", config => config["learning_rates"] = 1e-5)), StringComparison.Ordinal);

    [Fact]
    public async Task A_value_out_of_range_is_refused_with_the_limit() =>
        Assert.Matches("iterations.*1", await Refusal(workshop.Config("range", config => config["iterations"] = 0)));

    [Fact]
    public async Task A_missing_model_is_refused() =>
        Assert.Contains("no-model", await Refusal(workshop.Config("no-model-config", config => config["model"] = "no-model")), StringComparison.Ordinal);

    [Fact]
    public async Task A_missing_dataset_is_refused() =>
        Assert.Contains("no-data.jsonl", await Refusal(workshop.Config("no-data-config", config => config["dataset"] = "no-data.jsonl")), StringComparison.Ordinal);

    [Fact]
    public async Task An_empty_dataset_is_refused()
    {
        workshop.Write("empty.jsonl", "\n");

        Assert.Contains("empty", await Refusal(workshop.Config("empty", config => config["dataset"] = "empty.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_17_without_a_response_is_named_and_nothing_is_left_behind()
    {
        var rows = Enumerable.Range(1, 20).Select(row => row == 17 ? """{"prompt":"p"}""" : """{"prompt":"p","response":"r"}""");
        workshop.Write("holes.jsonl", string.Join('\n', rows));

        var line = await Refusal(workshop.Config("holes", config => config["dataset"] = "holes.jsonl"));

        Assert.Contains("17", line, StringComparison.Ordinal);
        Assert.Contains("response", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(workshop["refused"]));
    }

    [Fact]
    public async Task A_pickle_instead_of_safetensors_is_refused()
    {
        TinyModel.Write(workshop["pickled"]);
        File.Delete(Path.Combine(workshop["pickled"], "model.safetensors"));
        File.WriteAllBytes(Path.Combine(workshop["pickled"], "pytorch_model.bin"), "PK\x03\x04 "u8.ToArray());

        var line = await Refusal(workshop.Config("pickle", config => config["model"] = "pickled"));

        Assert.Contains("pytorch_model.bin", line, StringComparison.Ordinal);
        Assert.Contains("safetensors", line, StringComparison.Ordinal);
    }

    private async Task<string> Refusal(string config) => (await Spinstudio.Run("train", config, "--out", workshop["refused"])).Refusal();

    private static List<JournalEvent> Journal(RunFolder folder) =>
        [.. File.ReadAllLines(folder.Journal).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)!)];

    private static string Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
