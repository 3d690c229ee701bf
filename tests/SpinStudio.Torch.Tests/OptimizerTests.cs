using Xunit;

namespace SpinStudio.Torch.Tests;

[Collection(nameof(Alone))]
public sealed class OptimizerTests
{
    /// <summary>w = 1, lr 5e-7, gradients .5, -.25, .1; the values follow from the formula by hand.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rmsprop_follows_the_golden_vector(bool plain)
    {
        using var scope = torch.NewDisposeScope();
        var weight = torch.ones([1], ScalarType.Float64);
        var average = torch.zeros([1], ScalarType.Float64);
        double[] gradients = [.5, -.25, .1], averages = [.0025, .0031, .003169], weights = [.999995000001000, .999997245066872, .999996356870883];

        for (var i = 0; i < 3; i++)
        {
            var gradient = torch.tensor<double>([gradients[i]]);
            if (plain)
                torch.optim.reference.rmsprop_(weight, average, gradient, null, 5e-7);
            else
                torch.optim.rmsprop_(weight, average, gradient, null, 5e-7);
            Assert.Equal(averages[i], average.item<double>(), 1e-15);
            Assert.Equal(weights[i], weight.item<double>(), 1e-14);
        }
    }

    /// <summary>After the first step m̂ = g and v̂ = g², so that w moves by lr·sign(g) after the decay, up to ε.</summary>
    [Fact]
    public void Adamws_first_step_is_the_learning_rate_after_the_decay()
    {
        using var scope = torch.NewDisposeScope();
        var weight = torch.tensor<double>([2, -3]);
        var moments = torch.zeros([2, 2], ScalarType.Float64);
        torch.optim.adamw_(weight, moments.select(0, 0), moments.select(0, 1), torch.tensor<double>([.5, -4]), null, 1e-3, .9, .999, 1e-12, .1, 1);
        Assert.Equal(2 * (1 - 1e-4) - 1e-3, weight.data<double>()[0], 1e-12);
        Assert.Equal(-3 * (1 - 1e-4) + 1e-3, weight.data<double>()[1], 1e-12);
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("rmsprop")]
    public void The_native_pass_agrees_with_the_operators(string kind)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(9);
        var native = new State(5001);
        var plain = native.Copy();

        for (var step = 1; step <= 10; step++)
        {
            var gradient = torch.randn([5001]);
            native.Step(kind, gradient, step, plain: false);
            plain.Step(kind, gradient, step, plain: true);
        }

        Close(plain.Master, native.Master, 2e-6f);
        Close(plain.First, native.First, 1e-6f);
        Close(plain.Second, native.Second, 1e-6f);
        Close(plain.Model.to(torch.float32), native.Model.to(torch.float32), 1e-2f);
        Assert.Equal(native.Master.to(torch.bfloat16).data<ushort>().ToArray(), native.Model.data<ushort>().ToArray());
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("rmsprop")]
    public void The_bits_are_the_same_for_any_number_of_threads(string kind)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(11);
        const int Count = 300_007;
        var one = new State(Count);
        var three = one.Copy();
        var gradient = torch.randn([Count]);
        var before = torch.get_num_threads();
        try
        {
            torch.set_num_threads(1);
            one.Step(kind, gradient, 1, plain: false);
            torch.set_num_threads(3);
            three.Step(kind, gradient, 1, plain: false);
        }
        finally
        {
            torch.set_num_threads(before);
        }
        Assert.True(one.Master.bytes().SequenceEqual(three.Master.bytes()));
        Assert.True(one.Second.bytes().SequenceEqual(three.Second.bytes()));
        Assert.True(one.Model.bytes().SequenceEqual(three.Model.bytes()));
    }

    [Fact]
    public void The_model_copy_rounds_ties_to_even_and_keeps_infinities_and_nan()
    {
        using var scope = torch.NewDisposeScope();
        // Halfway between 1 and the next bfloat16 goes down to even, halfway after that up to even.
        var weight = torch.tensor<float>([1 + 1f / 256, 1 + 3f / 256, float.PositiveInfinity, float.NaN, -0f]);
        var model = torch.empty([5], torch.bfloat16);
        torch.optim.adamw_(weight, torch.zeros([5]), torch.zeros([5]), torch.zeros([5]), model, 1e-3, .9, .95, 1e-8, 0, 1);
        Assert.Equal([0x3f80, 0x3f82, 0x7f80, 0x7fc0, 0x8000], model.data<ushort>().ToArray());
    }

    [Fact]
    public void Buffers_that_do_not_fit_are_refused_by_name()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => torch.optim.rmsprop_(torch.zeros([4]), torch.zeros([4]), torch.zeros([3]), null, 1));
        Assert.Contains("grad has 3 elements, the master weights 4", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<TorchException>(() => torch.optim.rmsprop_(torch.zeros([4]), torch.zeros([4]), torch.zeros([4]), torch.zeros([4]), 1));
        Assert.Contains("BFloat16", error.Message, StringComparison.Ordinal);
    }

    private static void Close(Tensor expected, Tensor actual, float tolerance) =>
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, tolerance);

    private sealed record State(Tensor Master, Tensor First, Tensor Second, Tensor Model)
    {
        internal State(long count)
            : this(torch.randn([count]), torch.zeros([count]), torch.zeros([count]), torch.empty([count], torch.bfloat16))
        {
        }

        internal State Copy() => new(Master.clone(), First.clone(), Second.clone(), Model.clone());

        internal void Step(string kind, Tensor gradient, long step, bool plain)
        {
            switch (kind, plain)
            {
                case ("adamw", false):
                    torch.optim.adamw_(Master, First, Second, gradient, Model, 1e-3, .9, .95, 1e-8, .1, step);
                    break;
                case ("adamw", true):
                    torch.optim.reference.adamw_(Master, First, Second, gradient, Model, 1e-3, .9, .95, 1e-8, .1, step);
                    break;
                case (_, false):
                    torch.optim.rmsprop_(Master, Second, gradient, Model, 1e-3, .99, 1e-8, .01);
                    break;
                default:
                    torch.optim.reference.rmsprop_(Master, Second, gradient, Model, 1e-3, .99, 1e-8, .01);
                    break;
            }
        }
    }
}
