using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

public sealed class NotFiniteTests
{
    /// <summary>Weights so large that attention and head overflow: the loss is no number, whatever the kind.</summary>
    [Theory]
    [InlineData(RunKind.Spin)]
    [InlineData(RunKind.Sft)]
    [InlineData(RunKind.Dpo)]
    public void A_loss_that_is_not_finite_ends_the_run_and_names_the_batch(RunKind kind)
    {
        using var small = new SmallRun(train: 8, heldOut: 1, spoil: model =>
        {
            using var noGrad = torch.no_grad();
            model.Parameters.Part(model.Parameters.Weights, "model.norm.weight").fill_(1e38f);
        });
        var (outcome, events, folder) = small.Play(small.Config with { Kind = kind, Evaluation = new EvaluationConfig { Examples = 0 } });
        Assert.Equal(RunOutcome.Failed, outcome);
        var failure = Assert.IsType<FailedEvent>(events[^1]);
        Assert.Equal("not_finite", failure.Cause);
        var batch = failure.Message.Split("Prompts of the batch: ")[1].Split(", ");
        Assert.Equal(small.Config.MicroBatchSize, batch.Length);
        Assert.Subset(DatasetReader.Read(folder.TrainExamples).Select(example => example.PromptId).ToHashSet(), batch.ToHashSet());
        Assert.DoesNotContain(events, e => e is MetricsEvent);
    }
}
