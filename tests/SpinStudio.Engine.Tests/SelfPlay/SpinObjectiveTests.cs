using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Models;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

public sealed class SpinObjectiveTests
{
    private static readonly TokenPair[] Pairs = [new("a", [5, 9, 1], [33, 60, 2], [11, 2]), new("b", [8, 0], [44, 13, 2], [44, 21, 3, 17])];

    [Theory]
    [InlineData(SpinLossType.Sigmoid, 0.6931472)]
    [InlineData(SpinLossType.Hinge, 1)]
    [InlineData(SpinLossType.Exponential, 1)]
    [InlineData(SpinLossType.Correlation, 1)]
    [InlineData(SpinLossType.Sigmoid, 0.6931472, 0.1, true)]
    [InlineData(SpinLossType.Sigmoid, 0.6931472, 0.1, true, 50)]
    public void Before_the_first_update_the_loss_is_that_of_margin_zero_and_no_pair_is_won(
        SpinLossType type, double expected, double smoothing = 0, bool normalised = false, double sftWeight = 0)
    {
        using var model = TinyModel.ByFormula();
        using var scope = torch.NewDisposeScope();
        var objective = new SpinObjective(Pairs, [[0, 1]], Reference(model, Pairs), new SpinLoss(type, 0.5, smoothing, normalised, sftWeight));
        var metrics = new Metrics();
        metrics.Add("loss", objective.Loss(model, 0, metrics));
        var means = metrics.Over(2);
        Assert.Equal(expected, MetricNames.MarginLoss(means["loss"], means.GetValueOrDefault(MetricNames.Nll), sftWeight)!.Value, 1e-6 * (1 + sftWeight));
        Assert.Equal((0.0, 0.0), (means["rewards/margins"], means["rewards/accuracies"]));
        objective.CheckFirstStep(means);
    }

    [Fact]
    public void A_reference_of_other_weights_is_found_out()
    {
        using var model = TinyModel.ByFormula();
        using var scope = torch.NewDisposeScope();
        var right = Reference(model, Pairs);
        var wrong = right with { Real = [right.Real[0] + 0.01f, right.Real[1]] };
        var objective = new SpinObjective(Pairs, [[0, 1]], wrong, new SpinLoss(SpinLossType.Sigmoid, 0.5));
        var metrics = new Metrics();
        metrics.Add("loss", objective.Loss(model, 0, metrics));
        var error = Assert.Throws<InvariantException>(() => objective.CheckFirstStep(metrics.Over(2)));
        Assert.Contains("0.693147", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_identical_pair_has_no_gradient()
    {
        using var model = TinyModel.ByFormula();
        using var scope = torch.NewDisposeScope();
        TokenPair[] same = [new("a", [5, 9, 1], [33, 60, 2], [33, 60, 2])];
        var gradients = model.Parameters.RequireGradients();
        new SpinObjective(same, [[0]], new ReferenceLogProbs([-3f], [-4f]), new SpinLoss(SpinLossType.Sigmoid, 0.5)).Loss(model, 0, new Metrics()).backward();
        Assert.Equal(0, gradients.abs().max().item<float>(), 1e-6);
    }

    private static ReferenceLogProbs Reference(LlamaModel model, TokenPair[] pairs)
    {
        using var noGrad = torch.no_grad();
        var (real, generated) = SpinObjective.LogProbs(model, pairs, [.. Enumerable.Range(0, pairs.Length)]);
        return new ReferenceLogProbs(real.contiguous().data<float>().ToArray(), generated.contiguous().data<float>().ToArray());
    }
}
