using Xunit;

namespace SpinStudio.Torch.Tests;

/// <summary>Counts tensors of the whole process, so it runs by itself.</summary>
[Collection(nameof(Alone))]
public sealed class ErrorTests
{
    [Fact]
    public void A_failing_operator_throws_with_its_name_and_shapes()
    {
        using var scope = torch.NewDisposeScope();
        var left = torch.zeros([2, 3]);
        var right = torch.zeros([4, 5], torch.bfloat16);

        var error = Assert.Throws<TorchException>(() => left.mm(right));

        Assert.Equal("mm", error.Operator);
        Assert.Contains("mm(Float32[2, 3], BFloat16[4, 5])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_inside_lists_are_named_too()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => torch.cat([torch.zeros([2, 3]), torch.zeros([3, 2])], 1));
        Assert.Contains("cat([Float32[2, 3], Float32[3, 2]], 1)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_out_of_range_throws_instead_of_ending_the_process()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => torch.embedding(torch.zeros([4, 2]), torch.tensor<long>([7])));
        Assert.Contains("embedding(Float32[4, 2], Int64[1])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_operator_throws_with_its_name()
    {
        var error = Assert.Throws<TorchException>(() => new Op("no_such_operator.Tensor").Run());
        Assert.Contains("aten::no_such_operator.Tensor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_argument_is_named()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => new Op("mm").Call(torch.zeros([1, 1])));
        Assert.Contains("argument 'mat2' has no default", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_arguments_throw()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Throws<TorchException>(() => new Op("neg").Call(torch.zeros([1]), 1));
    }

    [Fact]
    public void A_disposed_tensor_throws_and_the_other_argument_is_released()
    {
        using var scope = torch.NewDisposeScope();
        var before = LiveTensors.Count();
        var alive = torch.zeros([1]);
        var gone = torch.zeros([1]);
        gone.Dispose();

        Assert.Throws<ObjectDisposedException>(() => alive.add(gone));
        Assert.Throws<ObjectDisposedException>(() => torch.cat([alive, gone]));

        alive.Dispose();
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void Backward_of_a_tensor_without_graph_names_its_shape()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => torch.zeros([2]).backward());
        Assert.Contains("backward(Float32[2])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_failures_leak_nothing()
    {
        using var scope = torch.NewDisposeScope();
        var left = torch.zeros([2, 3]);
        var before = LiveTensors.Count();
        for (var i = 0; i < 1000; i++)
            Assert.Throws<TorchException>(() => left.mm(left));
        Assert.Equal(before, LiveTensors.Count());
    }
}
