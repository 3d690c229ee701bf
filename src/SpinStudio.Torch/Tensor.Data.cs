using System.Globalization;

namespace SpinStudio.Torch;

public sealed unsafe partial class Tensor
{
    /// <summary>
    /// The elements in memory, not copied: valid while this tensor lives. The tensor must be contiguous and on the CPU, and hold elements of type
    /// <typeparamref name="T"/>; bfloat16 is seen as <see cref="ushort"/>, its bits.
    /// </summary>
    public Span<T> data<T>() where T : unmanaged
    {
        if (!dtype.Holds<T>())
            throw new TorchException($"data<{typeof(T).Name}>() of {Describe()}: convert with to(…) first, or ask for the type it holds.", "data");
        return new Span<T>(Memory("data"), checked((int)numel()));
    }

    /// <summary>The elements' bytes in memory, not copied: valid while this tensor lives. The tensor must be contiguous and on the CPU.</summary>
    public Span<byte> bytes() => new(Memory("bytes"), checked((int)(numel() * dtype.Size())));

    /// <summary>The address of the first element; on a CUDA device a device address.</summary>
    public nint data_ptr()
    {
        TorchException.ThrowIfFailed(Interop.spin_tensor_data(Handle, out var data), "data_ptr", this);
        return data;
    }

    /// <summary>The only element, converted to <typeparamref name="T"/> as a checked cast would.</summary>
    /// <exception cref="TorchException">The tensor has not exactly one element.</exception>
    public T item<T>() where T : unmanaged
    {
        TorchException.ThrowIfFailed(Interop.spin_tensor_item(Handle, out var real, out var integer, out var isIntegral), "item", this);
        if (typeof(T) == typeof(float))
            return (T)(object)(float)real;
        if (typeof(T) == typeof(bool))
            return (T)(object)(real != 0);
        return (T)Convert.ChangeType(isIntegral != 0 ? (object)integer : real, typeof(T), CultureInfo.InvariantCulture);
    }

    public float ToSingle() => item<float>();

    public double ToDouble() => item<double>();

    public long ToInt64() => item<long>();

    public bool ToBoolean() => item<bool>();

    private void* Memory(string operation)
    {
        if (device.type != DeviceType.CPU)
            throw new TorchException($"{operation}() of {Describe()}: the memory is on a device; copy it with cpu() first.", operation);
        if (!is_contiguous())
            throw new TorchException($"{operation}() of {Describe()}: not contiguous; call contiguous() first.", operation);
        return (void*)data_ptr();
    }
}
