using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>Runs that train low-rank adapters.</summary>
[Collection(nameof(Dropping))]
public sealed class LoraRunTests : IDisposable
{
    private readonly SmallRun _small = new(train: 12, heldOut: 4);

    /// <summary>In the second iteration the adapter is no longer zero, and what is dropped would show: the reference must be the opening iterate, and the check must drop nothing.</summary>
    [Theory]
    [InlineData(Precision.Fp32, 0)]
    [InlineData(Precision.Bf16, 0.1)]
    public void Every_iteration_opens_at_ln_2_and_leaves_one_adapter_of_the_starting_model(Precision dtype, double dropout)
    {
        var (folder, events) = Play(new LoraConfig { Rank = 4, Alpha = 8, Dropout = dropout }, dtype, checkpointing: dropout > 0);
        var losses = events.OfType<MetricsEvent>().ToList();
        Assert.Equal(6, losses.Count);
        Assert.All(losses, step => Assert.True(double.IsFinite(step.Values["loss"]!.Value)));
        Assert.All(losses.Where(step => step.Step == 0), step => Assert.Equal(Math.Log(2), step.Values["loss"]!.Value, 1e-6));
        Assert.NotEqual(losses[0].Values["loss"]!.Value, losses[2].Values["loss"]!.Value, 1e-6);

        Assert.NotEqual(ModelWeights.Sha256(folder.StartModel), ModelWeights.Sha256(folder.Model(0)));
        foreach (var iteration in new[] { 0, 1 })
        {
            using var merged = AdapterFiles.LoadMerged(folder.StartModel, folder.Adapter(iteration), dtype == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
            Assert.Equal(LlamaModelFiles.Save(merged, folder.StartModel, _small.In($"merged-{iteration}")), ModelWeights.Sha256(folder.Model(iteration)));
            using var adapter = SafetensorsFile.Open(PeftAdapter.Open(folder.Adapter(iteration)).Weights);
            Assert.All(adapter.Tensors, tensor => Assert.Equal("F32", tensor.Dtype));
        }
        Assert.NotEqual(FileHash.Of(Path.Combine(folder.Adapter(0), PeftAdapter.WeightsFile)), FileHash.Of(Path.Combine(folder.Adapter(1), PeftAdapter.WeightsFile)));
        Assert.False(File.Exists(folder.Masters(0)) || File.Exists(folder.Masters(1)));
    }

    private (RunFolder Folder, List<JournalEvent> Events) Play(LoraConfig lora, Precision dtype, bool checkpointing)
    {
        var (outcome, events, folder) = _small.Play(_small.Config with
        {
            Iterations = 2, Window = 1, Dtype = dtype, LearningRate = [1e-2], Beta = [1], Lora = lora, GradientCheckpointing = checkpointing, Epochs = 1, ScheduleEpochs = 1,
            Generation = new GenerationConfig { MaxNewTokens = 12, BatchSize = 4 },
        });
        Assert.True(outcome == RunOutcome.Finished, events.OfType<FailedEvent>().FirstOrDefault()?.Message);
        return (folder, events);
    }

    public void Dispose() => _small.Dispose();
}
