using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace SpinStudio.Torch.Tests;

/// <summary>Counts tensors of the whole process, so it runs by itself.</summary>
[Collection(nameof(Alone))]
public sealed class LifetimeTests
{
    [Fact]
    public void A_scope_frees_what_was_made_inside()
    {
        var before = LiveTensors.Count();
        using (var scope = torch.NewDisposeScope())
        {
            _ = torch.ones([2]) + torch.ones([2]);
            Assert.Equal(3, scope.Count);
        }
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void A_tensor_moved_out_lives_as_long_as_the_outer_scope()
    {
        var before = LiveTensors.Count();
        Tensor result;
        using (torch.NewDisposeScope())
        {
            using (torch.NewDisposeScope())
                result = (torch.ones([2]) * 3).MoveToOuterDisposeScope();
            Assert.Equal(6f, result.sum().item<float>());
        }
        Assert.Throws<ObjectDisposedException>(() => result.sum());
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void A_detached_tensor_belongs_to_its_holder()
    {
        Tensor result;
        using (torch.NewDisposeScope())
        using (torch.NewDisposeScope())
            result = torch.ones([2]).DetachFromDisposeScope();
        Assert.Equal(2f, result.sum().item<float>());
        result.Dispose();
        result.Dispose();
        Assert.Throws<ObjectDisposedException>(() => result.sum());
    }

    [Fact]
    public void A_tensor_disposed_early_leaves_its_scope()
    {
        using var scope = torch.NewDisposeScope();
        for (var i = 0; i < 100; i++)
            torch.ones([1]).Dispose();
        Assert.Equal(0, scope.Count);
    }

    [Fact]
    public void A_scope_that_ends_out_of_turn_throws()
    {
        var outer = torch.NewDisposeScope();
        using (torch.NewDisposeScope())
            Assert.Throws<InvalidOperationException>(outer.Dispose);
        outer.Dispose();
    }

    [Fact]
    public void A_view_keeps_the_memory_that_its_disposed_base_had()
    {
        using var scope = torch.NewDisposeScope();
        var whole = torch.arange(4, torch.float32);
        var part = whole.narrow(0, 2, 2);
        whole.Dispose();
        Assert.Equal([2f, 3f], part.data<float>().ToArray());
    }

    [Fact]
    public void Forgotten_tensors_are_freed_by_the_next_thread_that_works()
    {
        var before = LiveTensors.Count();
        for (var round = 0; round < 20; round++)
        {
            Forget(500);
            GC.Collect();
            Forget(1);
        }
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void Two_threads_compute_forget_and_dispose_at_once()
    {
        var before = LiveTensors.Count();
        Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = 2 }, worker =>
        {
            for (var i = 0; i < 300; i++)
            {
                using var scope = torch.NewDisposeScope();
                var x = torch.full([4, 4], worker + 1f).requires_grad_();
                x.matmul(x).sum().backward();
                Assert.Equal(8f * (worker + 1), x.grad!.max().item<float>());
                Forget(3);
                if (i % 50 == 0)
                    GC.Collect();
            }
        });
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void A_thousand_training_steps_keep_native_memory_flat()
    {
        using var everything = torch.NewDisposeScope();
        torch.manual_seed(3);
        var first = (torch.randn([64, 128]) * 0.1).requires_grad_();
        var second = (torch.randn([1, 64]) * 0.1).requires_grad_();
        var input = torch.randn([64, 128]);
        var target = input.narrow(1, 0, 1).clone();
        var losses = new List<float>();

        for (var step = 0; step < 100; step++)
            losses.Add(Step());
        var tensors = LiveTensors.Count();
        // What leaks does so every time; what the runtime takes once, it does not take again.
        var growth = Math.Min(GrowthOfFiveHundred(), GrowthOfFiveHundred());

        Assert.Equal(tensors, LiveTensors.Count());
        Assert.InRange(growth, long.MinValue, 8L << 20);
        Assert.True(losses[^1] < losses[0] / 10, $"loss went from {losses[0]} to {losses[^1]}");

        long GrowthOfFiveHundred()
        {
            var resident = ResidentBytes();
            for (var step = 0; step < 500; step++)
                losses.Add(Step());
            return ResidentBytes() - resident;
        }

        float Step()
        {
            using var scope = torch.NewDisposeScope();
            var predicted = torch.nn.functional.linear(torch.nn.functional.linear(input, first).silu(), second);
            var loss = (predicted - target).square().mean();
            loss.backward();
            using (torch.no_grad())
            {
                foreach (var weight in new[] { first, second })
                {
                    weight.sub_(weight.grad!, alpha: 0.05);
                    weight.grad = null;
                }
            }
            return loss.item<float>();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(int count)
    {
        for (var i = 0; i < count; i++)
            _ = torch.ones([16]).DetachFromDisposeScope();
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}
