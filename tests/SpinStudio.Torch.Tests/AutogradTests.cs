using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed class AutogradTests
{
    [Fact]
    public void Backward_accumulates_in_the_leaves()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.tensor<float>([1, 2, 3, 4], [2, 2]).requires_grad_();
        var y = torch.tensor<float>([1, 0, 2, 1], [2, 2]);

        var loss = x.matmul(y).sum();
        Assert.Null(x.grad);
        loss.backward();
        (x * 2).sum().backward();

        Assert.Equal(22f, loss.item<float>());
        Assert.Equal([3f, 5f, 3f, 5f], x.grad!.data<float>().ToArray());
        Assert.Null(y.grad);
    }

    [Fact]
    public void Backward_takes_a_gradient()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.tensor<float>([1, 2]).requires_grad_();
        (x * x).backward(torch.tensor<float>([10, -1]));
        Assert.Equal([20f, -4f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Several_roots_are_differentiated_in_one_pass()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.tensor<float>([3]).requires_grad_();
        var shared = x * x;
        torch.autograd.backward([shared.sum(), shared * 2], [null, torch.tensor<float>([5])]);
        Assert.Equal(6f + 60f, x.grad!.item<float>());
    }

    [Fact]
    public void A_gradient_can_be_set_shared_and_cleared()
    {
        using var scope = torch.NewDisposeScope();
        var flat = torch.zeros([4]);
        var x = torch.ones([2]).requires_grad_();
        x.grad = flat.narrow(0, 2, 2);

        (x * 3).sum().backward();
        Assert.Equal([0f, 0f, 3f, 3f], flat.data<float>().ToArray());

        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void No_grad_stops_recording_and_restores()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.ones([2]).requires_grad_();
        using (torch.no_grad())
        {
            Assert.False(torch.is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (torch.enable_grad())
                Assert.True((x * 2).requires_grad);
            Assert.False((x * 2).requires_grad);
        }
        Assert.True((x * 2).requires_grad);
    }

    [Fact]
    public void A_detached_tensor_passes_no_gradient()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.ones([2]).requires_grad_();
        (x * x.detach()).sum().backward();
        Assert.Equal([1f, 1f], x.grad!.data<float>().ToArray());
    }
}
