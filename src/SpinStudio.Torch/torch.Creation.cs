using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    private static Device? s_device;

    /// <summary>Where tensors are made from now on, unless a call says otherwise. Raw memory makes tensors on the host whatever it is.</summary>
    public static void set_default_device(Device device) => s_device = device.type == DeviceType.CPU ? null : device;

    /// <summary>Where tensors are made.</summary>
    public static Device get_default_device() => s_device ?? CPU;

    /// <summary>A copy of <paramref name="data"/> in the given shape, converted to <paramref name="dtype"/> when one is given.</summary>
    public static Tensor tensor<T>(ReadOnlySpan<T> data, long[] shape, ScalarType? dtype = null) where T : unmanaged
    {
        var exact = from_bytes(MemoryMarshal.AsBytes(data), shape, ScalarTypes.Of<T>());
        var wanted = dtype ?? ScalarTypes.Of<T>();
        if (wanted == ScalarTypes.Of<T>() && s_device is null)
            return exact;
        using (exact)
            return exact.to(s_device ?? CPU, wanted);
    }

    public static Tensor tensor<T>(T[] data, long[] shape, ScalarType? dtype = null) where T : unmanaged => tensor(data.AsSpan(), shape, dtype);

    /// <summary>A copy of <paramref name="data"/> as a vector.</summary>
    public static Tensor tensor<T>(ReadOnlySpan<T> data, ScalarType? dtype = null) where T : unmanaged => tensor(data, [data.Length], dtype);

    public static Tensor tensor<T>(T[] data, ScalarType? dtype = null) where T : unmanaged => tensor(data.AsSpan(), [data.Length], dtype);

    /// <summary>A copy of <paramref name="data"/> as a matrix.</summary>
    public static Tensor tensor<T>(T[,] data, ScalarType? dtype = null) where T : unmanaged =>
        tensor(data.Cast<T>().ToArray(), [data.GetLength(0), data.GetLength(1)], dtype);

    public static Tensor tensor(float value, ScalarType? dtype = null) => tensor<float>([value], [], dtype);

    public static Tensor tensor(double value, ScalarType? dtype = null) => tensor<double>([value], [], dtype);

    public static Tensor tensor(long value, ScalarType? dtype = null) => tensor<long>([value], [], dtype);

    public static Tensor tensor(int value, ScalarType? dtype = null) => tensor<int>([value], [], dtype);

    public static Tensor tensor(bool value, ScalarType? dtype = null) => tensor<bool>([value], [], dtype);

    /// <summary>A copy of raw elements, in native byte order, as a tensor of the given shape and type on the host.</summary>
    /// <exception cref="ArgumentException">The bytes are not as many as shape and type need.</exception>
    public static Tensor from_bytes(ReadOnlySpan<byte> data, long[] shape, ScalarType dtype)
    {
        var needed = ByteCount(shape, dtype);
        if (needed != data.Length)
            throw new ArgumentException($"{dtype}[{string.Join(", ", shape)}] needs {needed} bytes, not {data.Length}.", nameof(data));
        fixed (byte* first = data)
            return from_pointer((nint)first, shape, dtype);
    }

    /// <summary>A copy of the raw elements at <paramref name="data"/>, which must hold as many as the shape needs (a mapped file, say).</summary>
    public static Tensor from_pointer(nint data, long[] shape, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(shape);
        nint native;
        fixed (long* sizes = shape)
            TorchException.ThrowIfFailed(
                Interop.spin_tensor_from_data((void*)data, sizes, shape.Length, (int)dtype, out native), $"from_pointer {dtype}[{string.Join(", ", shape)}]");
        return new Tensor(native);
    }

    /// <summary>Memory as it comes: to be written before it is read.</summary>
    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null) => Ops.empty.Call(size, dtype, default, device ?? s_device);

    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null) => Ops.zeros.Call(size, dtype, default, device ?? s_device);

    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null) => Ops.ones.Call(size, dtype, default, device ?? s_device);

    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null) =>
        Ops.full.Call(size, value, dtype, default, device ?? s_device);

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null) => Ops.zeros_like.Call(input, dtype);

    public static Tensor ones_like(Tensor input, ScalarType? dtype = null) => Ops.ones_like.Call(input, dtype);

    public static Tensor empty_like(Tensor input, ScalarType? dtype = null) => Ops.empty_like.Call(input, dtype);

    /// <summary>0, 1, … below <paramref name="stop"/>.</summary>
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null) => Ops.arange.Call(stop, dtype, default, device ?? s_device);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null) =>
        Ops.arange_start.Call(start, stop, dtype, default, device ?? s_device);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null) =>
        Ops.arange_start_step.Call(start, stop, step, dtype, default, device ?? s_device);

    /// <summary>Uniform in [0, 1), from libtorch's generator.</summary>
    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null) => Ops.rand.Call(size, dtype, default, device ?? s_device);

    /// <summary>Standard normal, from libtorch's generator.</summary>
    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null) => Ops.randn.Call(size, dtype, default, device ?? s_device);

    private static long ByteCount(long[] shape, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var count = (long)dtype.Size();
        foreach (var size in shape)
            count = checked(count * size);
        return count;
    }
}
