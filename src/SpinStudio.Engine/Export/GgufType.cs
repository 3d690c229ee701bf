namespace SpinStudio.Engine.Export;

/// <summary>What the matrices of a GGUF file are stored as. Vectors (norms) are always f32.</summary>
public enum GgufType
{
    F32,
    F16,
    Bf16,

    /// <summary>Blocks of 32 values: a scale in f16 and 32 signed bytes. Rows that are no multiple of 32 long stay f16.</summary>
    Q80,
}

/// <summary>The types by their names, and their numbers in the file.</summary>
public static class GgufTypes
{
    /// <summary>Values that share a scale in Q8_0.</summary>
    internal const int BlockLength = 32;

    /// <summary>Names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["f32", "f16", "bf16", "q8_0"];

    /// <exception cref="BadInputException">There is no such type.</exception>
    public static GgufType Parse(string name)
    {
        var index = Names.ToList().FindIndex(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? (GgufType)index : throw new BadInputException($"'{name}' is no type of GGUF that is written; {string.Join(", ", Names)} are");
    }

    public static string Name(this GgufType type) => Names[(int)type];

    /// <summary>As <c>ggml_type</c> numbers them.</summary>
    internal static uint TensorNumber(GgufType type) => type switch { GgufType.F32 => 0, GgufType.F16 => 1, GgufType.Bf16 => 30, _ => 8 };

    /// <summary>As <c>general.file_type</c> numbers them.</summary>
    internal static uint FileNumber(GgufType type) => type switch { GgufType.F32 => 0, GgufType.F16 => 1, GgufType.Bf16 => 32, _ => 7 };

    /// <summary>Bytes of so many values.</summary>
    internal static long Bytes(GgufType type, long values) => type switch
    {
        GgufType.F32 => values * 4,
        GgufType.Q80 => values / BlockLength * (2 + BlockLength),
        _ => values * 2,
    };
}
