using System.Text;
using SpinStudio.Engine.Datasets.Import;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

/// <summary>Runs alone: other tests' memory would be counted, too.</summary>
[CollectionDefinition(nameof(DatasetImportMemoryTests), DisableParallelization = true)]
[Collection(nameof(DatasetImportMemoryTests))]
public sealed class DatasetImportMemoryTests : IDisposable
{
    private const int Rows = 1_000_000;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_million_rows_are_imported_in_bounded_memory_with_progress()
    {
        var bytes = WriteRows(_folder.In("x.jsonl"));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var follower = new Follower(() => GC.GetTotalMemory(forceFullCollection: true) - before);
        var report = DatasetImport.Import(_folder.In("x.jsonl"), "x.jsonl", _folder.In("out.jsonl"), progress: follower);

        Assert.Equal((Rows, true), (report.Rows, report.Imported));
        Assert.Equal(Rows / 1000 + 1, follower.Told.Count);
        Assert.Equal(new ImportProgress(Rows, 1), follower.Told[^1]);
        Assert.Equal(follower.Told.Order(Comparer<ImportProgress>.Create((a, b) => (a.Rows, a.Share).CompareTo((b.Rows, b.Share)))), follower.Told);
        // A set of a million 64-bit prompt ids takes 16 to 48 bytes each, and nothing else grows; the file alone has twice as many bytes.
        Assert.True(bytes > 120 << 20, $"{bytes} bytes");
        Assert.True(follower.Most < 56 << 20, $"{follower.Most} bytes more");
    }

    public void Dispose() => _folder.Dispose();

    private static long WriteRows(string path)
    {
        using var file = new BufferedStream(File.Create(path), 1 << 20);
        var rest = Encoding.UTF8.GetBytes($"\", \"response\": \"{new string('r', 90)}\"}}\n");
        Span<byte> number = stackalloc byte[16];
        for (var i = 0; i < Rows; i++)
        {
            file.Write("{\"prompt\": \"question "u8);
            System.Buffers.Text.Utf8Formatter.TryFormat(i, number, out var length);
            file.Write(number[..length]);
            file.Write(rest);
        }
        file.Flush();
        return file.Length;
    }

    /// <summary>Looks at what is alive ten times on the way.</summary>
    private sealed class Follower(Func<long> alive) : IProgress<ImportProgress>
    {
        public List<ImportProgress> Told { get; } = [];

        public long Most { get; private set; }

        public void Report(ImportProgress value)
        {
            Told.Add(value);
            if (value.Rows % (Rows / 10) == 0)
                Most = Math.Max(Most, alive());
        }
    }
}
