using Xunit;

namespace SpinStudio.Torch.Tests;

[Collection(nameof(Alone))]
public sealed class RandomTests
{
    [Fact]
    public void The_same_seed_gives_the_same_numbers()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(5);
        var first = (torch.rand([3]), torch.randn([3]), torch.nn.functional.dropout(torch.ones([64])));
        torch.manual_seed(5);
        var second = (torch.rand([3]), torch.randn([3]), torch.nn.functional.dropout(torch.ones([64])));

        Assert.Equal(first.Item1.data<float>().ToArray(), second.Item1.data<float>().ToArray());
        Assert.Equal(first.Item2.data<float>().ToArray(), second.Item2.data<float>().ToArray());
        Assert.Equal(first.Item3.data<float>().ToArray(), second.Item3.data<float>().ToArray());
        Assert.NotEqual(first.Item1.data<float>().ToArray(), torch.rand([3]).data<float>().ToArray());
    }

    [Fact]
    public void Samples_have_the_moments_of_their_distribution()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(1);
        const long Count = 100_000;
        Assert.Equal(0.5f, torch.rand([Count]).mean().item<float>(), 0.005f);
        Assert.Equal(1f, torch.randn([Count]).var().item<float>(), 0.02f);
        Assert.Equal(1f, torch.nn.functional.dropout(torch.ones([Count]), 0.25).mean().item<float>(), 0.01f);
    }
}
