using System.Text.Json.Nodes;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Cli.Tests;

/// <summary>--adapter, and export to and from PEFT's layout.</summary>
public sealed class AdapterTests : IClassFixture<SampleWorkshop>
{
    private readonly SampleWorkshop _workshop;

    public AdapterTests(SampleWorkshop workshop)
    {
        _workshop = workshop;
        if (Directory.Exists(workshop["adapter"])) return;
        using var model = LlamaModelFiles.Load(workshop.Model, ScalarType.Float32, new LoraConfig { Rank = 2, Alpha = 4 });
        using var values = torch.full([model.Trained.Count], 0.05f);
        AdapterFiles.Save(model.Adapters!, values, "model", workshop["adapter"]);
    }

    [Fact]
    public async Task Merged_as_it_is_loaded_it_answers_like_the_merged_folder_and_not_like_the_model_alone()
    {
        (await Spinstudio.Run("export", _workshop.Model, "--adapter", _workshop["adapter"], "--format", "hf", "--out", _workshop["merged"])).Success();
        var with = await Answers("with.jsonl", _workshop.Model, "--adapter", _workshop["adapter"]);
        Assert.Equal(Texts(await Answers("merged.jsonl", _workshop["merged"])), Texts(with));
        Assert.NotEqual(Texts(await Answers("alone.jsonl", _workshop.Model)), Texts(with));
        Assert.All(with, answer => Assert.Matches("^[0-9a-f]{64}$", (string)answer["decoding"]!["adapter_sha256"]!));
    }

    [Fact]
    public async Task An_adapter_is_exported_as_it_is()
    {
        (await Spinstudio.Run("export", _workshop.Model, "--format", "peft", "--out", _workshop["copy"])).Success(); // the adapter lies beside the model, as in a run
        foreach (var name in PeftAdapter.Files)
            Assert.Equal(File.ReadAllBytes(Path.Combine(_workshop["adapter"], name)), File.ReadAllBytes(Path.Combine(_workshop["copy"], name)));
        Assert.Contains("exists already", (await Spinstudio.Run("export", _workshop.Model, "--format", "peft", "--out", _workshop["copy"])).Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hf", false, "give --adapter")]
    [InlineData("gguf", true, "merge the adapter first")]
    [InlineData("ggml", false, "gguf, hf and peft are")]
    public async Task What_cannot_be_written_is_refused_with_the_way_out(string format, bool adapter, string words)
    {
        string[] more = adapter ? ["--adapter", _workshop["adapter"]] : [];
        Assert.Contains(words, (await Spinstudio.Run(["export", _workshop.Model, "--format", format, "--out", _workshop["never"], .. more])).Refusal(), StringComparison.Ordinal);
        Assert.False(Path.Exists(_workshop["never"]));
    }

    [Fact]
    public async Task An_adapter_in_the_place_of_a_model_is_told_apart() =>
        Assert.Contains("is an adapter", (await Spinstudio.Run("evaluate", "--model", _workshop["adapter"], "--dataset", _workshop["held-out.jsonl"])).Refusal(), StringComparison.Ordinal);

    private async Task<List<JsonNode>> Answers(string output, string model, params string[] more)
    {
        (await Spinstudio.Run(["generate", "--model", model, "--prompts", _workshop["held-out.jsonl"], "--out", _workshop[output], "--max-new-tokens", "12", "--dtype", "fp32", .. more])).Success();
        return [.. File.ReadAllLines(_workshop[output]).Select(line => JsonNode.Parse(line)!)];
    }

    private static List<string> Texts(List<JsonNode> answers) => [.. answers.Select(answer => (string)answer["generated"]!)];
}
