using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SpinStudio.Engine.Export;

/// <summary>Stored values of safetensors (F32, F16, BF16) to those of GGUF, a row at a time.</summary>
internal static class GgufEncoder
{
    private const float LargestHalf = 65504;

    /// <summary>Reads a row of a tensor as floats.</summary>
    public static void Read(ReadOnlySpan<byte> stored, string dtype, Span<float> values)
    {
        switch (dtype)
        {
            case "F32":
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(values);
                break;
            case "F16":
                for (var i = 0; i < values.Length; i++)
                    values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(stored[(2 * i)..]);
                break;
            default:
                for (var i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(stored[(2 * i)..]) << 16);
                break;
        }
    }

    /// <summary>Writes a row. The destination has exactly the bytes that the type takes for it.</summary>
    /// <param name="name">The tensor's, for messages.</param>
    /// <exception cref="BadInputException">A value does not fit the type.</exception>
    public static void Write(ReadOnlySpan<float> values, GgufType type, Span<byte> destination, string name)
    {
        switch (type)
        {
            case GgufType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(destination);
                break;
            case GgufType.F16:
                for (var i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], Half(values[i], name));
                break;
            case GgufType.Bf16:
                for (var i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], Bf16(values[i]));
                break;
            default:
                for (var block = 0; block < values.Length / GgufTypes.BlockLength; block++)
                    WriteBlock(values.Slice(block * GgufTypes.BlockLength, GgufTypes.BlockLength), destination.Slice(block * (2 + GgufTypes.BlockLength), 2 + GgufTypes.BlockLength), name);
                break;
        }
    }

    /// <summary>Rounds to the nearest, ties to even, as hardware does.</summary>
    private static ushort Bf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static Half Half(float value, string name) => Math.Abs(value) <= LargestHalf || !float.IsFinite(value)
        ? (Half)value
        : throw new BadInputException($"tensor {name} has the value {value}, which f16 cannot hold (up to {LargestHalf}); export bf16 or f32");

    /// <summary>d = max |x| / 127, then each x as the whole number nearest to x / d.</summary>
    private static void WriteBlock(ReadOnlySpan<float> values, Span<byte> block, string name)
    {
        var largest = 0f;
        foreach (var value in values)
            largest = Math.Max(largest, Math.Abs(value));
        var scale = largest / sbyte.MaxValue;
        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, Half(scale, name));
        for (var i = 0; i < values.Length; i++)
            block[2 + i] = (byte)(sbyte)Math.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
    }
}
