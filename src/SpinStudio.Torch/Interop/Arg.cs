using System.Globalization;

namespace SpinStudio.Torch;

/// <summary>One argument of an operator, on the stack: a tensor, number, list or nothing. Converts implicitly, so that a call reads like its schema.</summary>
internal readonly struct Arg
{
    internal readonly object? Reference;
    internal readonly long Bits;
    internal readonly ArgumentTag Tag;
    internal readonly int Length;

    private Arg(ArgumentTag tag, object? reference = null, long bits = 0, int length = 0)
    {
        Tag = tag;
        Reference = reference;
        Bits = bits;
        Length = length;
    }

    /// <summary>The schema's default.</summary>
    internal static Arg Default => new(ArgumentTag.Default);

    /// <summary>A list of tensors in which null stands for "all of this dimension".</summary>
    internal static Arg Optional(Tensor?[] tensors) => new(ArgumentTag.OptionalTensorList, tensors, length: tensors.Length);

    public static implicit operator Arg(Tensor? tensor) => tensor is null ? default : new(ArgumentTag.Tensor, tensor);

    public static implicit operator Arg(long value) => new(ArgumentTag.Int, bits: value);

    public static implicit operator Arg(long? value) => value is { } given ? new(ArgumentTag.Int, bits: given) : default;

    public static implicit operator Arg(double value) => new(ArgumentTag.Double, bits: BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Arg(bool value) => new(ArgumentTag.Bool, bits: value ? 1 : 0);

    public static implicit operator Arg(Scalar value) => value.IsIntegral ? (Arg)value.Integer : (Arg)value.Real;

    public static implicit operator Arg(Scalar? value) => value is { } given ? given : default(Arg);

    public static implicit operator Arg(ScalarType value) => new(ArgumentTag.Int, bits: (long)value);

    public static implicit operator Arg(ScalarType? value) => value is { } given ? given : default(Arg);

    public static implicit operator Arg(Device? value) => value is null ? default : new(ArgumentTag.Device, bits: (long)value.type, length: value.index);

    public static implicit operator Arg(long[]? values) => values is null ? default : new(ArgumentTag.IntList, values, length: values.Length);

    public static implicit operator Arg(Tensor[] tensors) => new(ArgumentTag.TensorList, tensors, length: tensors.Length);

    public static implicit operator Arg(string value) => new(ArgumentTag.String, value, length: value.Length);

    /// <summary>The argument as an error message shows it; a tensor by its type and shape.</summary>
    public override string ToString() => Tag switch
    {
        ArgumentTag.None => "none",
        ArgumentTag.Default => "default",
        ArgumentTag.Int => Bits.ToString(CultureInfo.InvariantCulture),
        ArgumentTag.Double => BitConverter.Int64BitsToDouble(Bits).ToString(CultureInfo.InvariantCulture),
        ArgumentTag.Bool => Bits != 0 ? "true" : "false",
        ArgumentTag.IntList => $"[{string.Join(", ", (long[])Reference!)}]",
        ArgumentTag.TensorList or ArgumentTag.OptionalTensorList => $"[{string.Join(", ", ((Tensor?[])Reference!).Select(t => t?.Describe() ?? "none"))}]",
        ArgumentTag.Tensor => ((Tensor)Reference!).Describe(),
        ArgumentTag.Device => ((DeviceType)Bits).ToString(),
        _ => $"\"{Reference}\"",
    };
}
