using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Tokenization;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Torch;
using Xunit;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>A whole run, from a folder without weights of its own making to the trained model, for every family: answers, reference, training, saving, evaluation.</summary>
public sealed class FamilyRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(ModelConfig.Mistral, "zephyr")]
    [InlineData(ModelConfig.Qwen2, "instruction")]
    [InlineData(ModelConfig.Qwen3, null)]
    public void A_run_plays_and_saves_the_same_architecture(string architecture, string? template)
    {
        Directory.CreateDirectory(_folder.In("tokenizer"));
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
            File.Copy(Path.Combine(GoldenTokenizer.Folder, name), _folder.In("tokenizer/" + name));
        var config = new ModelConfig
        {
            Architecture = architecture, VocabSize = GoldenTokenizer.VocabSize, HiddenSize = 32, IntermediateSize = 48, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 16, MaxPositions = 512, EosTokenIds = [2],
            QueryKeyValueBias = architecture == ModelConfig.Qwen2, QueryKeyNorm = architecture == ModelConfig.Qwen3, SlidingWindow = architecture == ModelConfig.Mistral ? 24 : null,
            TieWordEmbeddings = architecture == ModelConfig.Qwen2,
        };
        using (var model = new LlamaModel(config, ScalarType.Float32))
        {
            LlamaModelFiles.Randomise(model, RandomStream.From(1), deviation: 0.1);
            LlamaModelFiles.Save(model, _folder.In("tokenizer"), _folder.In("model"));
        }
        SampleDataset.WriteLines(_folder.In("train.jsonl"), SampleDataset.Train(12));
        SampleDataset.WriteLines(_folder.In("held-out.jsonl"), SampleDataset.HeldOut(4));
        var run = new RunConfig
        {
            Model = _folder.In("model"), Dataset = _folder.In("train.jsonl"), HeldOut = _folder.In("held-out.jsonl"), ChatTemplate = template, Iterations = 1, Dtype = Precision.Bf16, LearningRate = [1e-3],
            Epochs = 1, ScheduleEpochs = 1, BatchSize = 4, MicroBatchSize = 2, MaxLength = 256, MaxPromptLength = 192, Generation = new GenerationConfig { MaxNewTokens = 12, BatchSize = 4 }, Evaluation = new EvaluationConfig { Examples = 4 },
        };
        var folder = new RunFolder(_folder.In("run"));
        var events = new List<JournalEvent>();
        Assert.Equal(RunOutcome.Finished, EngineRun.Play(run, folder, resume: false, events.Add));

        var losses = events.OfType<MetricsEvent>().Select(step => step.Values["loss"]!.Value).ToList();
        Assert.Equal(3, losses.Count);
        Assert.Equal(Math.Log(2), losses[0], 1e-6);
        Assert.All(losses, loss => Assert.True(double.IsFinite(loss)));
        var trained = ModelFolder.Open(folder.Model(0));
        Assert.Equal(config with { EosTokenIds = [], TorchDtype = "bfloat16" }, trained.Config with { EosTokenIds = [] });
        Assert.NotEqual(ModelWeights.Sha256(folder.StartModel), ModelWeights.Sha256(folder.Model(0)));
        var tokenizer = Tokenizer.Load(folder.Model(0));
        Assert.Equal(template is null ? GoldenTokenizer.Settings.ChatTemplate : BuiltInTemplates.For(template, tokenizer), ConversationEncoder.Load(folder.Model(0)).Template.Source);
    }

    public void Dispose() => _folder.Dispose();
}
