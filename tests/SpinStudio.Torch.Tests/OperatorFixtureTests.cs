using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed class OperatorFixtureTests
{
    public static TheoryData<string> Cases => [.. Fixture.All.Select(fixture => fixture.Name)];

    public static TheoryData<string> DifferentiableCases => [.. Fixture.All.Where(fixture => fixture.IsDifferentiable).Select(fixture => fixture.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Operator_returns_the_stored_values(string name)
    {
        var fixture = Fixture.All.Single(candidate => candidate.Name == name);
        using var scope = torch.NewDisposeScope();
        var inputs = fixture.Inputs.Select(input => input.ToTensor()).ToArray();

        var results = fixture.Invoke(inputs);

        Assert.Equal(fixture.Expected.Count, results.Count);
        if (fixture.IsInPlace)
            Assert.Same(inputs[0], results[0]);
        foreach (var (expected, actual) in fixture.Expected.Zip(results))
        {
            Assert.Equal(expected.Type, actual.dtype);
            Assert.Equal(expected.Shape, actual.shape);
            var values = actual.to(ScalarType.Float64).contiguous().data<double>();
            var tolerance = Tolerance(expected.Type, fixture.Inputs);
            for (var i = 0; i < values.Length; i++)
                Assert.True(Agree(expected.Data[i], values[i], tolerance), $"element {i}: expected {expected.Data[i]:R}, got {values[i]:R}");
        }
    }

    /// <summary>The gradient of Σ wᵢ · f(x)ᵢ in Float64 against central differences, for every input.</summary>
    [Theory]
    [MemberData(nameof(DifferentiableCases))]
    public void Gradient_agrees_with_finite_differences(string name)
    {
        const double Step = 1e-6;
        var fixture = Fixture.All.Single(candidate => candidate.Name == name);
        using var scope = torch.NewDisposeScope();
        var inputs = fixture.Inputs.Select(AsDouble).ToArray();
        var leaves = inputs.Where(input => input.dtype == ScalarType.Float64).ToArray();
        foreach (var leaf in leaves)
            leaf.requires_grad = true;

        Loss(fixture, inputs).backward();

        foreach (var leaf in leaves)
        {
            var analytic = leaf.grad is { } grad ? grad.contiguous().data<double>().ToArray() : new double[leaf.numel()];
            leaf.requires_grad = false;
            for (var i = 0; i < analytic.Length; i++)
            {
                var original = leaf.data<double>()[i];
                leaf.data<double>()[i] = original + Step;
                var above = Loss(fixture, inputs).item<double>();
                leaf.data<double>()[i] = original - Step;
                var below = Loss(fixture, inputs).item<double>();
                leaf.data<double>()[i] = original;
                var numeric = (above - below) / (2 * Step);
                Assert.True(Agree(numeric, analytic[i], 2e-6), $"element {i}: finite difference {numeric:R}, gradient {analytic[i]:R}");
            }
        }
    }

    private static Tensor AsDouble(Stored input) => input.Type == ScalarType.Float32 ? input.ToTensor(ScalarType.Float64) : input.ToTensor();

    private static Tensor Loss(Fixture fixture, Tensor[] inputs)
    {
        // A leaf must not be changed in place; a copy of it may.
        var given = fixture.IsInPlace ? [inputs[0].clone(), .. inputs.Skip(1)] : inputs;
        var output = fixture.Invoke(given)[0];
        var weights = (torch.arange(1, output.numel() + 1, dtype: ScalarType.Float64) * 0.7).cos().view(output.shape);
        return (output * weights).sum();
    }

    private static double Tolerance(ScalarType result, IEnumerable<Stored> inputs) =>
        result == ScalarType.BFloat16 ? 1.0 / 64
        : !result.IsFloatingPoint() ? 0
        : inputs.Any(input => input.Type == ScalarType.BFloat16) ? 1e-5
        : 3e-6;

    private static bool Agree(double expected, double actual, double tolerance) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));
}
