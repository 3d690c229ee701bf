using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SpinStudio.Engine.Datasets;

/// <summary>
/// Where every 256th row of a canonical dataset begins, in a small file beside it, so that any page of a million rows is read without those before it. Made when it is
/// first needed; made anew when the dataset's length is another than it was made for.
/// </summary>
public static class RowIndex
{
    private const int Stride = 256, ScannedBytes = 1 << 20;

    /// <summary>The index file of a dataset.</summary>
    public static string PathOf(string dataset) => dataset + ".index";

    /// <summary>Rows from a place on, each as the bytes of its line, valid until the next is asked for.</summary>
    /// <param name="first">From 0. Beyond the end there are no rows.</param>
    /// <exception cref="BadInputException">The dataset's file is gone.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string dataset, int first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        Ensure(dataset);
        return Lines(dataset, first);
    }

    /// <summary>Makes the index if it is not there.</summary>
    /// <inheritdoc cref="Read"/>
    public static void Ensure(string dataset, CancellationToken cancellation = default)
    {
        if (!File.Exists(dataset))
            throw new BadInputException($"dataset {dataset} not found");
        if (!IsCurrent(dataset))
            Build(dataset, cancellation);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(string dataset, int first)
    {
        if (OffsetOf(dataset, first / Stride) is not { } offset)
            yield break;
        using var stream = File.OpenRead(dataset);
        stream.Position = offset;
        foreach (var line in LineReader.Read(stream, DatasetLimits.RowBytes).Skip(first % Stride))
            yield return line.Bytes;
    }

    /// <summary>The index is numbers of 64 bits: the dataset's length, then an offset for every <see cref="Stride"/> rows.</summary>
    private static long? OffsetOf(string dataset, int place)
    {
        using var index = File.OpenRead(PathOf(dataset));
        var position = (place + 1L) * sizeof(long);
        if (position + sizeof(long) > index.Length)
            return null;
        index.Position = position;
        return ReadNumber(index);
    }

    private static bool IsCurrent(string dataset)
    {
        var file = new FileInfo(PathOf(dataset));
        if (!file.Exists || file.Length < sizeof(long))
            return false;
        using var index = file.OpenRead();
        return ReadNumber(index) == new FileInfo(dataset).Length;
    }

    private static void Build(string dataset, CancellationToken cancellation)
    {
        using var stream = File.OpenRead(dataset);
        List<long> numbers = [stream.Length];
        if (stream.Length > 0)
            numbers.Add(0);
        var buffer = new byte[ScannedBytes];
        long start = 0;
        var rows = 0;
        for (int read; (read = stream.Read(buffer)) > 0; start += read)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var at = 0; ; at++)
            {
                var newline = buffer.AsSpan(at, read - at).IndexOf((byte)'\n');
                if (newline < 0)
                    break;
                at += newline;
                if (++rows % Stride == 0 && start + at + 1 < stream.Length)
                    numbers.Add(start + at + 1);
            }
        }

        // Two readers may do this at the same time: each has a name of its own until it is whole.
        var beside = $"{PathOf(dataset)}.{Guid.NewGuid():N}";
        if (!BitConverter.IsLittleEndian)
            numbers = numbers.ConvertAll(BinaryPrimitives.ReverseEndianness);
        File.WriteAllBytes(beside, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)));
        File.Move(beside, PathOf(dataset), overwrite: true);
    }

    private static long ReadNumber(FileStream index)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        index.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }
}
