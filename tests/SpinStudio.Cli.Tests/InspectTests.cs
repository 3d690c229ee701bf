using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Tests;

public sealed class InspectTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_missing_path_is_refused() => Assert.Contains("not found", await Refusal(_folder["nothing"]), StringComparison.Ordinal);

    [Fact]
    public async Task A_folder_without_config_or_journal_is_refused() => Assert.Contains("journal.jsonl", await Refusal(_folder.Root), StringComparison.Ordinal);

    [Fact]
    public async Task A_pickle_is_refused_as_what_it_is()
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], [0x80, 0x02, .. "}q\0."u8]);

        var line = await Refusal(_folder["pytorch_model.bin"]);

        Assert.Contains("pickle", line, StringComparison.Ordinal);
        Assert.Contains("safetensors", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_architecture_is_refused_with_the_supported_ones()
    {
        TinyModel.Write(_folder["model"], architecture: "BertForMaskedLM");

        var line = await Refusal(_folder["model"]);

        Assert.Contains("BertForMaskedLM", line, StringComparison.Ordinal);
        Assert.Contains("LlamaForCausalLM", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tensor_of_another_shape_is_named()
    {
        TinyModel.Write(_folder["model"], wrongShape: "model.layers.0.mlp.up_proj.weight");

        Assert.Contains("model.layers.0.mlp.up_proj.weight", await Refusal(_folder["model"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_told_in_figures()
    {
        TinyModel.Write(_folder["model"]);

        var model = JsonNode.Parse((await Spinstudio.Run("inspect", _folder["model"], "--json")).Success())!;

        Assert.Equal("model", (string)model["kind"]!);
        Assert.Equal("LlamaForCausalLM", (string)model["architecture"]!);
        Assert.Equal(TinyModel.Parameters, (long)model["parameters"]!);
        Assert.Equal(["F32"], model["dtypes"]!.AsArray().Select(dtype => (string)dtype!));
    }

    [Fact]
    public async Task A_tensor_file_is_listed_with_shapes()
    {
        TinyModel.Write(_folder["model"]);

        var text = (await Spinstudio.Run("inspect", Path.Combine(_folder["model"], "model.safetensors"))).Success();

        Assert.Matches(@"model\.embed_tokens\.weight +F32 +\[16, 8\]", text);
    }

    [Fact]
    public async Task A_run_config_is_shown_with_every_setting_resolved()
    {
        var path = _folder.Write("run.json", """{ "model": "m", "dataset": "d.jsonl", "epochs": 3 }""");

        var settings = JsonNode.Parse((await Spinstudio.Run("inspect", path, "--json")).Success())!["settings"]!;

        Assert.Equal(3, (double)settings["schedule_epochs"]!);
        Assert.Equal(_folder["m"], (string)settings["model"]!);
    }

    [Fact]
    public async Task A_run_tells_its_state_and_figures_and_leaves_out_a_torn_line()
    {
        var report = new EvaluationReport { Iteration = -1, Examples = 9, Nll = new Estimate(1.25, 1.2, 1.3, 9), MeanLength = 30, TruncatedShare = 0 };
        JournalEvent[] events =
        [
            new StartedEvent(false, "0.1.0", "1.13.1", "cpu", "bf16", 2, 7),
            new PhaseEvent(0, RunPhase.Train, PhaseState.Started) { At = DateTimeOffset.UnixEpoch },
            new ProgressEvent(0, RunPhase.Train, 1, 2, "steps", 3210, 0.5, 9) { At = DateTimeOffset.UnixEpoch.AddSeconds(4) },
            new PhaseEvent(0, RunPhase.Train, PhaseState.Finished) { At = DateTimeOffset.UnixEpoch.AddSeconds(12.5) },
            new MetricsEvent(0, 0, 0, 0, 640, new Dictionary<string, double?> { ["loss"] = 0.69 }),
            new StoppedEvent("asked to stop"),
        ];
        _folder.Write("run/run.json", """{ "name": "Night run", "model": "/m", "dataset": "/d.jsonl" }""");
        _folder.Write("run/journal.jsonl", string.Concat(events.Select((e, index) => e with { Seq = index + 1 }).Select(e => JsonSerializer.Serialize(e, RunJson.Line) + "\n")) + """{"kind":"log","seq":7,"le""");
        _folder.Write("run/start/evaluation.json", JsonSerializer.Serialize(report, RunJson.Pretty));

        var run = JsonNode.Parse((await Spinstudio.Run("inspect", _folder["run"], "--json")).Success())!;
        var text = (await Spinstudio.Run("inspect", _folder["run"])).Success();

        Assert.Equal("Night run", (string)run["name"]!);
        Assert.Equal("stopped", (string)run["state"]!);
        Assert.Equal(events.Length, (long)run["last_seq"]!);
        Assert.Equal(640, (long)run["trained_tokens"]!);
        Assert.Equal(1.25, (double)run["evaluations"]![0]!["nll"]!["mean"]!);
        Assert.Equal(12.5, (double)run["phases"]![0]!["seconds"]!);
        Assert.Contains("1.250 [1.200, 1.300]", text, StringComparison.Ordinal);
        Assert.Matches(@"0 +train +12\.5 +3,210", text);
    }

    private static async Task<string> Refusal(string path) => (await Spinstudio.Run("inspect", path)).Refusal();
}
