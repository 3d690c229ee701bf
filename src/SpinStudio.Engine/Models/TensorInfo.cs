namespace SpinStudio.Engine.Models;

/// <summary>A tensor as a safetensors header describes it.</summary>
/// <param name="Name">Unique within the file.</param>
/// <param name="Dtype">safetensors name: F32, BF16, F16, I64, …</param>
/// <param name="Shape">Empty for a single number.</param>
public sealed record TensorInfo(string Name, string Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Size of the data.</summary>
    public long Bytes => checked(Count * BytesPerElement(Dtype));

    /// <summary>Bytes of one element of a safetensors dtype; 0 when the dtype is unknown.</summary>
    public static int BytesPerElement(string dtype) => dtype switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => 0,
    };

    /// <summary><c>F32 [2, 3]</c></summary>
    public override string ToString() => $"{Name}: {Dtype} {ShapeText(Shape)}";

    internal static string ShapeText(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
