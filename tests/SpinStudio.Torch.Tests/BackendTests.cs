using Xunit;

namespace SpinStudio.Torch.Tests;

[Collection(nameof(Alone))]
public sealed class BackendTests
{
    [Fact]
    public void Backend_info_names_what_is_loaded()
    {
        using (torch.ones([4, 4]).mm(torch.ones([4, 4])))
        {
        }

        var info = torch.backend_info();

        Assert.Equal(torch.version, info.TorchVersion);
        Assert.Equal(torch.config(), info.Config);
        Assert.Contains("PyTorch built with", info.Config, StringComparison.Ordinal);
        Assert.NotEqual("unknown", info.Blas);
        Assert.True(File.Exists(info.BlasPath), info.BlasPath);
        Assert.Equal(info.Blas == "reference", info.IsReferenceBlas);
        Assert.Equal(torch.cuda_is_available(), info.CudaAvailable);
        Assert.NotEmpty(info.CpuModel);
    }

    [Fact]
    public void Waiting_threads_do_not_spin_unless_the_user_says_so() =>
        Assert.Equal(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "PASSIVE", torch.backend_info().OmpWaitPolicy);

    [Fact]
    public void The_number_of_threads_is_what_was_set()
    {
        var before = torch.get_num_threads();
        try
        {
            torch.set_num_threads(2);
            Assert.Equal(2, torch.get_num_threads());
            Assert.Equal(2, torch.backend_info().Threads);
            Assert.Throws<ArgumentOutOfRangeException>(() => torch.set_num_threads(0));
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [Fact]
    public void Libtorchs_own_attention_works_where_it_exists_and_says_so_where_not()
    {
        using var scope = torch.NewDisposeScope();
        var query = torch.ones([1, 1, 2, 4]);
        if (torch.version.StartsWith("1.", StringComparison.Ordinal))
        {
            var error = Assert.Throws<TorchException>(() => torch.nn.functional.scaled_dot_product_attention(query, query, query));
            Assert.Contains("has no operator aten::scaled_dot_product_attention", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal([1f, 1f], torch.nn.functional.scaled_dot_product_attention(query, query, query, is_causal: true).mean(-1).flatten().data<float>().ToArray());
        }
    }
}
