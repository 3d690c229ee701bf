using Xunit;

namespace SpinStudio.Torch.Tests;

/// <summary>The store and the collectives with one process; with several they are exercised by whole runs.</summary>
public sealed class DistributedTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_store_keeps_texts_and_a_group_of_one_sums_to_itself()
    {
        var folder = Directory.CreateTempSubdirectory("spin-store-");
        try
        {
            torch.distributed.open_file_store(Path.Combine(folder.FullName, "store"), 1, s_limit);
            torch.distributed.store_set("key", "first");
            Assert.Null(torch.distributed.store_get("absent"));
            torch.distributed.store_set("key", "ü");
            Assert.Equal("ü", torch.distributed.store_get("key"));

            torch.distributed.init_process_group(0, 1, "127.0.0.1", s_limit);
            using var scope = torch.NewDisposeScope();
            var sum = torch.tensor([1.5f, 2f]);
            torch.distributed.all_reduce(sum);
            Assert.Equal([1.5f, 2f], sum.data<float>().ToArray());
            Assert.Equal([1L, 2L], torch.distributed.all_gather(sum).shape);
            torch.distributed.destroy_process_group();

            var outside = Assert.Throws<TorchException>(() => torch.distributed.all_reduce(sum));
            Assert.Contains("no process group is open", outside.Message, StringComparison.Ordinal);
        }
        finally
        {
            torch.distributed.close_store();
            folder.Delete(recursive: true);
        }
    }
}
