using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Tokenization;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>A whole run, from a folder without weights of its own making to the trained model, for every family: answers, reference, training, saving, evaluation.</summary>
public sealed class FamilyRunTests
{
    [Theory]
    [InlineData(ModelConfig.Mistral, "zephyr")]
    [InlineData(ModelConfig.Qwen2, "instruction")]
    [InlineData(ModelConfig.Qwen3, null)]
    public void A_run_plays_and_saves_the_same_architecture(string architecture, string? template)
    {
        var config = new ModelConfig
        {
            Architecture = architecture, VocabSize = GoldenTokenizer.VocabSize, HiddenSize = 32, IntermediateSize = 48, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 16, MaxPositions = 512, EosTokenIds = [2],
            QueryKeyValueBias = architecture == ModelConfig.Qwen2, QueryKeyNorm = architecture == ModelConfig.Qwen3, SlidingWindow = architecture == ModelConfig.Mistral ? 24 : null,
            TieWordEmbeddings = architecture == ModelConfig.Qwen2,
        };
        using var small = new SmallRun(train: 12, heldOut: 4, config);
        var (outcome, events, folder) = small.Play(small.Config with
        {
            ChatTemplate = template, Dtype = Precision.Bf16, Optimizer = OptimizerKind.RmsProp, LearningRate = [1e-3], WarmupRatio = 0.1, Epochs = 1, ScheduleEpochs = 1,
            Generation = new GenerationConfig { MaxNewTokens = 12, BatchSize = 4 },
        });
        Assert.Equal(RunOutcome.Finished, outcome);

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
}
