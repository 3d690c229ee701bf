using System.Globalization;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tests.Tokenization;
using SpinStudio.Engine.Tests.Tokenization.Parity;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Export;

/// <summary>Small random models of every family answer in llama.cpp as they do here: every token of prompt and greedy answer, and the log-prob of each. With real tokenizers: <see cref="GgufTokenizerTests"/>.</summary>
[Collection(TokenizerFiles.Shared)]
public sealed class GgufFamilyTests(TokenizerFiles files, LlamaCpp llamaCpp) : IClassFixture<LlamaCpp>, IDisposable
{
    private const int MaxTokens = 24;
    private const double Tolerance = 1e-4;

    private static readonly Example[] Prompts = [new("Why is the sky blue?", ""), new("It's 1234 apples,\n\n  don't they cost 5.67€?  東京 😀", "", "Be kind.")];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases => [.. Families.Keys];

    private static ModelConfig Base { get; } = new()
    {
        VocabSize = 1,
        HiddenSize = 64,
        IntermediateSize = 96,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 16,
        RmsNormEps = 1e-5,
        MaxPositions = 512,
        EosTokenIds = [2],
    };

    private static Dictionary<string, string> Settings { get; } = new()
    {
        ["golden"] = File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, "tokenizer_config.json")),
        ["llama2"] = """{"bos_token": "<s>", "eos_token": "</s>"}""",
    };

    private static Dictionary<string, Family> Families { get; } = new()
    {
        ["llama, grouped queries, tied head"] = new("llama", "golden", Base with { TieWordEmbeddings = true }),
        ["llama, biases everywhere"] = new("llama", "golden", Base with { QueryKeyValueBias = true, OutputBias = true, MlpBias = true }),
        ["llama 3.1, scaled positions"] = new("llama", "golden", Base with { RopeTheta = 500_000, RopeScaling = new RopeScaling.Llama3(8, 1, 4, 32) }),
        ["llama, yarn"] = new("llama", "golden", Base with { RopeScaling = new RopeScaling.Yarn(4, 64, 1.3) }),
        ["llama, yarn with bounds of its own"] = new("llama", "golden", Base with { RopeScaling = new RopeScaling.Yarn(4, 64, 1.3, BetaFast: 16, BetaSlow: 2, IsTruncated: false) }),
        ["llama, linear scaling"] = new("llama", "golden", Base with { RopeScaling = new RopeScaling.Linear(2) }),
        ["llama, dynamic scaling"] = new("llama", "golden", Base with { RopeScaling = new RopeScaling.Dynamic(2) }),
        ["mistral, wide heads"] = new("llama", "llama2", Base with { Architecture = ModelConfig.Mistral, HeadDim = 24, SlidingWindow = 512 }, "mistral"),
        ["qwen 2"] = new("qwen2", "golden", Base with { Architecture = ModelConfig.Qwen2, QueryKeyValueBias = true, TieWordEmbeddings = true }),
        ["qwen 2, yarn"] = new("qwen2", "golden", Base with { Architecture = ModelConfig.Qwen2, QueryKeyValueBias = true, RopeScaling = new RopeScaling.Yarn(4, 64, 0.1 * Math.Log(4) + 1) }),
        ["qwen 3, wide heads"] = new("qwen3", "golden", Base with { Architecture = ModelConfig.Qwen3, QueryKeyNorm = true, HeadDim = 24, TieWordEmbeddings = true }),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_family_answers_the_same_in_llama_cpp(string name)
    {
        Assert.NotNull(llamaCpp);
        var family = Families[name];
        var encoder = Model(family);
        var theirs = await ExportedAsync(GgufType.F32, encoder);

        Assert.Equal(family.Architecture, theirs.Architecture);
        Assert.Equal(Prompts.Select(encoder.EncodePrompt), theirs.All.Select(answer => answer.Prompt));
        using var model = LlamaModelFiles.Load(_folder.In("model"), ScalarType.Float32);
        foreach (var (prompt, answer) in Prompts.Zip(theirs.All))
        {
            var ours = await AnswerAsync(model, encoder, prompt);
            Assert.Equal(ours.Select(token => token.Id), answer.Answer);
            Assert.Equal(ours.Count, answer.LogProbs.Length);
            Assert.All(ours.Zip(answer.LogProbs), pair => Assert.Equal(pair.First.LogProb!.Value, pair.Second, Tolerance));
        }
    }

    [Theory]
    [InlineData(GgufType.F16, 0.02)]
    [InlineData(GgufType.Bf16, 0.2)]
    [InlineData(GgufType.Q80, 0.2)]
    public async Task Smaller_types_of_a_model_with_biases_hold_its_answers_almost_as_likely(GgufType type, double tolerance)
    {
        var encoder = Model(Families["qwen 2, yarn"]);
        var theirs = await ExportedAsync(type, encoder);
        using var model = LlamaModelFiles.Load(_folder.In("model"), ScalarType.Float32);
        foreach (var (prompt, answer) in Prompts.Zip(theirs.All))
        {
            var ours = await AnswerAsync(model, encoder, prompt);
            Assert.Equal(ours[0].LogProb!.Value, answer.LogProbs[0], tolerance);
        }
    }

    [Theory]
    [InlineData("mlp_bias", ModelConfig.Qwen2, null)]
    [InlineData("attention_bias", ModelConfig.Qwen3, null)]
    [InlineData("rope_scaling 'llama3'", ModelConfig.Qwen3, "llama3")]
    [InlineData("rope_scaling 'yarn' with beta_fast", ModelConfig.Qwen2, "yarn")]
    public void What_llama_cpp_does_not_compute_is_refused_by_name(string what, string architecture, string? scaling)
    {
        var config = Base with
        {
            Architecture = architecture,
            QueryKeyNorm = architecture == ModelConfig.Qwen3,
            QueryKeyValueBias = what != "mlp_bias" && scaling is null || architecture == ModelConfig.Qwen2,
            MlpBias = what == "mlp_bias",
            RopeScaling = scaling switch { "llama3" => new RopeScaling.Llama3(8, 1, 4, 32), "yarn" => new RopeScaling.Yarn(4, 64, 1.3, IsTruncated: false), _ => null },
        };
        Assert.Contains($"{architecture} with {what}", Assert.Throws<BadInputException>(() => new GgufArchitecture(config)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A random model in the folder, with weights large enough that no two tokens are equally likely.</summary>
    private ConversationEncoder Model(Family family)
    {
        var source = family.Tokenizer == "golden" ? GoldenTokenizer.Folder : Path.Combine(files.Out, family.Tokenizer);
        Directory.CreateDirectory(_folder.In("tokenizer"));
        File.Copy(Path.Combine(source, "tokenizer.json"), _folder.In("tokenizer/tokenizer.json"));
        File.WriteAllText(_folder.In("tokenizer/tokenizer_config.json"), Settings[family.Tokenizer]);
        var tokenizer = Tokenizer.Load(_folder.In("tokenizer"));
        if (family.Template is not null)
            File.WriteAllText(_folder.In("tokenizer/chat_template.jinja"), BuiltInTemplates.For(family.Template, tokenizer));
        using (var model = new LlamaModel(family.Config with { VocabSize = tokenizer.VocabSize }, ScalarType.Float32))
        {
            Fill(model);
            LlamaModelFiles.Save(model, _folder.In("tokenizer"), _folder.In("model"));
        }
        return ConversationEncoder.Load(_folder.In("model"));
    }

    private static void Fill(LlamaModel model)
    {
        LlamaModelFiles.Randomise(model, RandomStream.From(7), deviation: 0.15);
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (name, shape) in model.Parameters.Tensors.Where(tensor => tensor.Shape.Length == 1))
        {
            var middle = name.EndsWith(".bias", StringComparison.Ordinal) ? 0f : 1f;
            model.Parameters.Part(model.Parameters.Weights, name).copy_(torch.tensor([.. Enumerable.Range(0, (int)shape[0]).Select(i => middle + 0.3f * MathF.Sin(0.7f * i))], shape));
        }
    }

    private static async Task<List<DrawnToken>> AnswerAsync(LlamaModel model, ConversationEncoder encoder, Example prompt)
    {
        using var generator = new LiveGenerator(model, slots: 1, capacity: 512);
        var decoding = new GenerationConfig { Temperature = 0, MaxNewTokens = MaxTokens };
        var drawn = new List<DrawnToken>();
        await foreach (var token in generator.AnswerAsync(encoder.EncodePrompt(prompt), decoding, encoder.StopTokenIds.ToHashSet(), RandomStream.From(1), likeliest: 0))
            drawn.Add(token);
        return drawn;
    }

    private async Task<LlamaCpp.Answers> ExportedAsync(GgufType type, ConversationEncoder encoder)
    {
        var path = _folder.In(string.Create(CultureInfo.InvariantCulture, $"{type}.gguf"));
        await using (var file = File.Create(path))
            await GgufWriter.Open(_folder.In("model"), type, "tiny").WriteAsync(file);
        return LlamaCpp.Answer(path, [.. Prompts.Select(prompt => encoder.Template.Render(prompt.System is { } system ? [new ChatMessage("system", system), new ChatMessage("user", prompt.Prompt)] : [new ChatMessage("user", prompt.Prompt)], addGenerationPrompt: true))], MaxTokens);
    }

    private sealed record Family(string Architecture, string Tokenizer, ModelConfig Config, string? Template = null);
}
