using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;

namespace SpinStudio.Cli.Tests.Gguf;

/// <summary>What is exported answers in llama.cpp as it answers here: same prompts, greedy decoding, every token.</summary>
public sealed class GgufParityTests : IClassFixture<LlamaCpp>, IDisposable
{
    private const int MaxTokens = 60;
    private static readonly string Sample = Path.Combine(Spinstudio.Repository, "samples", "model");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("""{"rope_type": "linear", "factor": 2.0}""")]
    [InlineData("""{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}""")]
    public async Task Exported_to_f32_it_gives_the_same_tokens(string? ropeScaling)
    {
        var model = Model(ropeScaling);
        var prompts = Prompts(10);
        var ours = await AnswersAsync(model, prompts);
        var theirs = await ExportedAsync(model, "f32", prompts);

        Assert.Equal(0, theirs.FileType);
        Assert.Equal(Tokenizer.Load(Sample).Settings.ChatTemplate, theirs.Template);
        var encoder = ConversationEncoder.Load(model);
        Assert.Equal(prompts.Select(encoder.EncodePrompt), theirs.All.Select(answer => answer.Prompt));
        Assert.Equal(ours, theirs.All.Select(answer => answer.Answer));
        Assert.All(ours, answer => Assert.True(answer.Length > 3));
    }

    [Theory]
    [InlineData("f16", 1, 8)]
    [InlineData("bf16", 32, 8)]
    [InlineData("q8_0", 7, 5)]
    public async Task Smaller_types_answer_mostly_alike(string type, int number, int least)
    {
        var prompts = Prompts(10);
        var ours = await AnswersAsync(Sample, prompts);
        var theirs = await ExportedAsync(Sample, type, prompts);

        Assert.Equal(number, theirs.FileType);
        var same = ours.Zip(theirs.All, (mine, other) => mine.SequenceEqual(other.Answer)).Count(equal => equal);
        Assert.True(same >= least, $"{same} of {ours.Count} answers are the same");
    }

    [Fact]
    public async Task Text_is_cut_into_the_same_tokens()
    {
        string[] texts = ["It's 1234 apples, don't they cost 5.67€?", "  two  spaces\n\n\tand tabs ", "naïve café — 東京 😀 ﷽", "x=1;y=22;", "I'LL SHOUT they've", "a\r\nb", "…", "१२३ ½ ²"];
        List<Example> prompts = [.. texts.Select(text => new Example(text, ""))];
        var theirs = await ExportedAsync(Sample, "f16", prompts);
        var encoder = ConversationEncoder.Load(Sample);
        Assert.Equal(prompts.Select(encoder.EncodePrompt), theirs.All.Select(answer => answer.Prompt));
    }

    [Fact]
    public async Task What_cannot_be_exported_is_one_line_and_leaves_no_file()
    {
        Assert.Contains("'q4_0' is no type of GGUF", (await Spinstudio.Run("export", Sample, "--type", "q4_0", "--out", _folder["m.gguf"])).Refusal(), StringComparison.Ordinal);
        Assert.Contains("--format onnx is not written", (await Spinstudio.Run("export", Sample, "--format", "onnx", "--out", _folder["m.gguf"])).Refusal(), StringComparison.Ordinal);
        Assert.Contains("not found", (await Spinstudio.Run("export", _folder["nowhere"], "--out", _folder["m.gguf"])).Refusal(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root));
    }

    private static List<Example> Prompts(int count) => [.. DatasetReader.Read(Path.Combine(Spinstudio.Repository, "samples", "dataset", "held-out.jsonl")).Take(count)];

    private string Model(string? ropeScaling)
    {
        if (ropeScaling is null)
            return Sample;
        ModelFolder.Copy(Sample, _folder["model"]);
        var config = JsonNode.Parse(File.ReadAllText(_folder["model/config.json"]))!;
        config["rope_scaling"] = JsonNode.Parse(ropeScaling);
        File.WriteAllText(_folder["model/config.json"], config.ToJsonString());
        return _folder["model"];
    }

    private async Task<List<int[]>> AnswersAsync(string model, List<Example> prompts)
    {
        var asked = _folder.Write("prompts.jsonl", string.Concat(prompts.Select(prompt => JsonSerializer.Serialize(new { prompt = prompt.Prompt, system = prompt.System }) + "\n")));
        (await Spinstudio.Run("generate", "--model", model, "--prompts", asked, "--out", _folder["ours.jsonl"], "--temperature", "0", "--max-new-tokens", $"{MaxTokens}", "--dtype", "fp32")).Success();
        return [.. File.ReadLines(_folder["ours.jsonl"]).Select(line => JsonNode.Parse(line)!["generated_ids"]!.AsArray().Select(id => (int)id!).ToArray())];
    }

    private async Task<LlamaCpp.Answers> ExportedAsync(string model, string type, List<Example> prompts)
    {
        var file = _folder[$"{type}.gguf"];
        (await Spinstudio.Run("export", model, "--format", "gguf", "--type", type, "--out", file)).Success();
        return LlamaCpp.Answer(file, [.. prompts.Select(prompt => $"{(prompt.System is { } system ? $"<|system|>{system}<|end|>" : "")}<|user|>{prompt.Prompt}<|end|><|assistant|>")], MaxTokens);
    }
}
