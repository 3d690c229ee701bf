using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>Tensors in and out of safetensors files.</summary>
public static class TensorFile
{
    /// <summary>Bytes that are copied at a time: a tensor may be larger than one array.</summary>
    private const long LargestSlice = 1 << 30;

    private static readonly (ScalarType Type, string Name)[] Types =
    [
        (ScalarType.Float32, "F32"), (ScalarType.BFloat16, "BF16"), (ScalarType.Float16, "F16"), (ScalarType.Float64, "F64"), (ScalarType.Int64, "I64"), (ScalarType.Int32, "I32"),
    ];

    /// <summary>Writes tensors under their names, whole or not at all.</summary>
    /// <returns>SHA-256 of the file, in lower-case hex.</returns>
    public static string Save(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var writer = new SafetensorsWriter(path, [.. tensors.Select(t => new TensorInfo(t.Name, NameOf(t.Tensor.dtype), t.Tensor.shape))], metadata);
        foreach (var (name, tensor) in tensors)
        {
            foreach (var (first, count) in Slices(tensor.shape, TensorInfo.BytesPerElement(NameOf(tensor.dtype)), LargestSlice))
            {
                using var scope = torch.NewDisposeScope();
                writer.Write(name, (count < 0 ? tensor : tensor.narrow(0, first, count)).contiguous().cpu().bytes());
            }
        }
        return writer.Complete();
    }

    /// <summary>Copies stored values that begin at an address into <paramref name="destination"/>, converting their type, at most so many bytes at a time.</summary>
    internal static unsafe void CopyTo(TensorInfo stored, nint start, Tensor destination, long largestSlice = LargestSlice)
    {
        var size = TensorInfo.BytesPerElement(stored.Dtype);
        foreach (var (first, count) in Slices([.. stored.Shape], size, largestSlice))
        {
            using var scope = torch.NewDisposeScope();
            var part = count < 0 ? stored : new TensorInfo(stored.Name, stored.Dtype, [count, .. stored.Shape.Skip(1)]);
            CopyTo(part, new ReadOnlySpan<byte>((void*)start, (int)part.Bytes), count < 0 ? destination : destination.narrow(0, first, count));
            start += (nint)part.Bytes;
        }
    }

    /// <summary>Rows of a tensor in slices that are not too large; one slice with a negative count is the whole.</summary>
    private static IEnumerable<(long First, long Count)> Slices(long[] shape, int bytesPerElement, long largest)
    {
        var bytes = shape.Aggregate((long)bytesPerElement, (product, size) => product * size);
        if (bytes <= largest)
        {
            yield return (0, -1);
            yield break;
        }
        var rows = Math.Max(1, largest / (bytes / shape[0]));
        for (var first = 0L; first < shape[0]; first += rows)
            yield return (first, Math.Min(rows, shape[0] - first));
    }

    /// <summary>Copies stored values into <paramref name="destination"/>, converting their type.</summary>
    public static void CopyTo(TensorInfo stored, ReadOnlySpan<byte> bytes, Tensor destination)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        destination.copy_(torch.from_bytes(bytes, [.. stored.Shape], TypeOf(stored)));
    }

    /// <summary>Copies a tensor of the file into <paramref name="destination"/>, converting its type.</summary>
    public static void CopyTo(SafetensorsFile file, string name, Tensor destination) =>
        CopyTo(file.Find(name) ?? throw new BadInputException($"{file.Path} has no tensor '{name}'"), file.Bytes(name), destination);

    private static string NameOf(ScalarType type) => Types.First(t => t.Type == type).Name;

    private static ScalarType TypeOf(TensorInfo stored) => Types.Where(t => t.Name == stored.Dtype).Select(t => (ScalarType?)t.Type).FirstOrDefault()
        ?? throw new BadInputException($"tensor {stored} has a type that is not read; supported are {string.Join(", ", Types.Select(t => t.Name))}");
}
