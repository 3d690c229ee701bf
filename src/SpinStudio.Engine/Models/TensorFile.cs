using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>Tensors in and out of safetensors files.</summary>
public static class TensorFile
{
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
            using var contiguous = tensor.contiguous();
            writer.Write(name, contiguous.bytes());
        }
        return writer.Complete();
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
