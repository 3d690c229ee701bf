using SpinStudio.Engine.Datasets.Import;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

/// <summary>Runs alone: other tests' memory would be counted, too.</summary>
[CollectionDefinition(nameof(DatasetImportMemoryTests), DisableParallelization = true)]
[Collection(nameof(DatasetImportMemoryTests))]
public sealed class DatasetImportMemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Memory_stays_bounded_over_many_rows()
    {
        using (var file = new StreamWriter(_folder.In("x.jsonl")))
        {
            for (var i = 0; i < 100_000; i++)
                file.Write($"{{\"prompt\": \"question {i}\", \"response\": \"{new string('r', 300)}\"}}\n");
        }
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var report = DatasetImport.Import(_folder.In("x.jsonl"), "x.jsonl", _folder.In("out.jsonl"));
        Assert.Equal(100_000, report.Rows);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 10 << 20, $"{grown} bytes more");
    }

    public void Dispose() => _folder.Dispose();
}
