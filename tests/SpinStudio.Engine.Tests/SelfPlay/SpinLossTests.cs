using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

public sealed class SpinLossTests
{
    /// <summary>Hand-computed: π(y), π(y′), ref(y), ref(y′), β, sigmoid loss, hinge loss, dL/dlog π(y) of the sigmoid loss.</summary>
    [Theory]
    [InlineData(-100, -80, -100, -80, 0.1, 0.693147181, 1, -0.05)]
    [InlineData(-95, -90, -100, -80, 0.1, 0.201413278, 0, -0.0182425524)]
    [InlineData(-120, -60, -110, -70, 0.1, 2.12692801, 3, -0.0880797078)]
    [InlineData(-101.5, -81.25, -100, -80, 0.1, 0.705725304, 1.025, -0.0506249674)]
    [InlineData(-300, -520, -310, -300, 0.1, 1.02618796e-10, 0, -1.02618796e-11)]
    [InlineData(-95, -90, -100, -80, 5, 2.67863696e-33, 0, -1.33931848e-32)]
    [InlineData(-120, -60, -110, -70, 5, 100, 101, -5)]
    [InlineData(-101.5, -81.25, -100, -80, 5, 1.50192908, 2.25, -3.88649931)]
    public void Golden_vectors(double real, double generated, double refReal, double refGenerated, double beta, double sigmoid, double hinge, double gradient)
    {
        using var scope = torch.NewDisposeScope();
        var policy = Scalar(real);
        policy.requires_grad = true;
        var loss = new SpinLoss(SpinLossType.Sigmoid, beta).Of(policy, Scalar(generated), Scalar(refReal), Scalar(refGenerated));
        AssertRelative(sigmoid, loss.item<double>());
        loss.sum().backward();
        AssertRelative(gradient, policy.grad!.item<double>());
        AssertRelative(hinge, new SpinLoss(SpinLossType.Hinge, beta).Of(Scalar(real), Scalar(generated), Scalar(refReal), Scalar(refGenerated)).item<double>());
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(-1000)]
    public void Loss_and_gradient_stay_finite_at_extreme_margins(float margin)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (type, smoothing) in Enum.GetValues<SpinLossType>().SelectMany(type => new[] { (type, 0), (type, 0.1) }))
        {
            var policy = torch.tensor([margin], [1]);
            policy.requires_grad = true;
            var loss = new SpinLoss(type, 1, smoothing).Of(policy, Zero(), Zero(), Zero());
            loss.sum().backward();
            Assert.True(float.IsFinite(loss.item<float>()) && float.IsFinite(policy.grad!.item<float>()));
        }
    }

    /// <summary>β·m, loss and its derivative: ℓ(t) = e^−t to −20, its tangent e^20·(−19 − t) beyond, and ℓ(t) = 1 − t; with ε = 0.1 the same weighed with ℓ(−t).</summary>
    [Theory]
    [InlineData(SpinLossType.Exponential, 0, 0, 1, -1)]
    [InlineData(SpinLossType.Exponential, 0, 1.5, 0.2231301601, -0.2231301601)]
    [InlineData(SpinLossType.Exponential, 0, -2, 7.389056099, -7.389056099)]
    [InlineData(SpinLossType.Exponential, 0, -30, 5336817149.50769, -485165195.40979)]
    [InlineData(SpinLossType.Exponential, 0.1, 1.5, 0.6489860512, 0.2473517629)]
    [InlineData(SpinLossType.Correlation, 0, 0, 1, -1)]
    [InlineData(SpinLossType.Correlation, 0, 3, -2, -1)]
    [InlineData(SpinLossType.Correlation, 0.1, 3, -1.4, -0.8)]
    [InlineData(SpinLossType.Sigmoid, 0.1, 2, 0.3269280110, 0.1 * 0.880797078 - 0.9 * 0.119202922)]
    [InlineData(SpinLossType.Hinge, 0.1, 0.25, 0.8, -0.8)]
    public void Values_and_slopes_are_those_of_the_formulas(SpinLossType type, double smoothing, double margin, double value, double slope)
    {
        using var scope = torch.NewDisposeScope();
        var policy = Scalar(margin);
        policy.requires_grad = true;
        var loss = new SpinLoss(type, 1, smoothing).Of(policy, Scalar(0), Scalar(0), Scalar(0));
        loss.sum().backward();
        Assert.Equal(value, loss.item<double>(), Math.Abs(value) * 1e-9);
        Assert.Equal(slope, policy.grad!.item<double>(), Math.Abs(slope) * 1e-8);
    }

    [Fact]
    public void At_margin_zero_every_loss_has_the_value_that_the_first_step_is_checked_by()
    {
        using var scope = torch.NewDisposeScope();
        foreach (var type in Enum.GetValues<SpinLossType>())
            Assert.Equal(type.AtStart(), new SpinLoss(type, 0.3, LabelSmoothing: 0.2).Of(Scalar(-9), Scalar(-4), Scalar(-9), Scalar(-4)).item<double>(), 1e-12);
    }

    [Fact]
    public void Swapping_the_sides_flips_the_margin()
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Scalar(-12.5), b = Scalar(-9.25), refA = Scalar(-13), refB = Scalar(-9);
        var there = new SpinLoss(SpinLossType.Sigmoid, 0.7).Of(a, b, refA, refB).item<double>();
        var back = new SpinLoss(SpinLossType.Sigmoid, 0.7).Of(b, a, refB, refA).item<double>();
        // softplus(−x) − softplus(x) = −x
        Assert.Equal(-0.7 * (-12.5 + 9.25 - (-13 + 9)), there - back, 1e-12);
    }

    [Fact]
    public void A_constant_on_both_log_probs_of_a_side_changes_nothing()
    {
        using var scope = torch.NewDisposeScope();
        double Loss(double policy, double reference) =>
            new SpinLoss(SpinLossType.Sigmoid, 0.3).Of(Scalar(-10 + policy), Scalar(-7 + policy), Scalar(-9 + reference), Scalar(-8 + reference)).item<double>();
        Assert.Equal(Loss(0, 0), Loss(3.5, 0), 1e-12);
        Assert.Equal(Loss(0, 0), Loss(0, -2.25), 1e-12);
    }

    /// <summary>With p_θ = p_data every pair's expected gradient cancels: the data distribution is a fixed point (Theorem 5.2).</summary>
    [Fact]
    public void The_data_distribution_is_a_fixed_point()
    {
        using var scope = torch.NewDisposeScope();
        var logits = Expected(torch.tensor([0.3, -1.0, 0.8], [3]), torch.tensor([0.3, -1.0, 0.8], [3]), beta: 0.5, out var gradient);
        Assert.Equal(Math.Log(2), logits, 1e-12);
        Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
    }

    /// <summary>
    /// Theorem 5.4: the minimiser is p_θt · (p_data / p_θt)^(1/λ) up to normalisation. Gradient descent on the exact expectation over three answers gets there.
    /// </summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(2.0)]
    public void The_minimiser_follows_the_theorems_exponent(double lambda)
    {
        using var scope = torch.NewDisposeScope();
        double[] opponent = [0.0, 0.4, -0.6], data = [0.5, -0.2, 0.1];
        var logits = (double[])opponent.Clone();
        for (var step = 0; step < 3000; step++)
        {
            Expected(torch.tensor(logits, [3]), torch.tensor(opponent, [3]), lambda, out var gradient, torch.tensor(data, [3]));
            for (var i = 0; i < 3; i++)
                logits[i] -= 4 / lambda * gradient[i];
        }
        double[] theory = [.. opponent.Zip(LogSoftmax(opponent).Zip(LogSoftmax(data)), (_, p) => p.First + (p.Second - p.First) / lambda)];
        foreach (var (expected, actual) in LogSoftmax(theory).Zip(LogSoftmax(logits)))
            Assert.Equal(expected, actual, 1e-4);
    }

    /// <summary>The loss in expectation over y from the data and y′ from the opponent, and its gradient in the logits of the main player.</summary>
    private static double Expected(Tensor logits, Tensor opponent, double beta, out double[] gradient, Tensor? data = null)
    {
        logits.requires_grad = true;
        Tensor policy = logits.log_softmax(0), reference = opponent.log_softmax(0), human = (data ?? opponent).log_softmax(0).exp();
        var weights = human.unsqueeze(1) * reference.exp().unsqueeze(0);
        var losses = new SpinLoss(SpinLossType.Sigmoid, beta).Of(policy.unsqueeze(1).expand(3, 3), policy.unsqueeze(0).expand(3, 3), reference.unsqueeze(1).expand(3, 3), reference.unsqueeze(0).expand(3, 3));
        var loss = (weights * losses).sum();
        loss.backward();
        gradient = logits.grad!.data<double>().ToArray();
        return loss.item<double>();
    }

    private static double[] LogSoftmax(double[] x)
    {
        var total = Math.Log(x.Sum(Math.Exp));
        return [.. x.Select(v => v - total)];
    }

    private static Tensor Scalar(double value) => torch.tensor([value], [1]);

    private static Tensor Zero() => torch.zeros([1], ScalarType.Float32);

    private static void AssertRelative(double expected, double actual) => Assert.Equal(expected, actual, Math.Abs(expected) * 1e-8 + 1e-300);
}
