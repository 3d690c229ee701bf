using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void A_product_and_its_gradient_are_right()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.tensor<float>([1, 2, 3, 4], [2, 2]).requires_grad_();
        var y = torch.tensor<float>([1, 0, 2, 1], [2, 2]);

        var loss = x.matmul(y).sum();
        loss.backward();

        Assert.Equal(22f, loss.item<float>());
        Assert.Equal([1f, 3f, 1f, 3f], x.grad!.data<float>().ToArray());
        Assert.Equal([2L, 2L], x.grad!.shape);
    }

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
    public void An_index_out_of_range_throws_instead_of_ending_the_process()
    {
        using var scope = torch.NewDisposeScope();
        var error = Assert.Throws<TorchException>(() => torch.embedding(torch.zeros([4, 2]), torch.tensor<long>([7])));
        Assert.Contains("embedding(Float32[4, 2], Int64[1])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_grad_stops_recording_and_restores()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.ones([2]).requires_grad_();
        using (torch.no_grad())
            Assert.False((x * 2).requires_grad);
        Assert.True((x * 2).requires_grad);
    }

    [Fact]
    public void Every_operator_of_the_binding_exists_in_this_libtorch()
    {
        var missing = OperatorTable.All.Where(op => op.name != "scaled_dot_product_attention" && !op.op.Exists()).Select(op => op.name);
        Assert.Empty(missing);
    }
}
