namespace SpinStudio.Torch;

public sealed unsafe partial class Tensor
{
    private const int MaxDimensions = 16;
    private long[]? _shape;
    private long[] _strides = [];
    private ScalarType _dtype;
    private Device _device = torch.CPU;

    /// <summary>The size of each dimension; read only.</summary>
    public long[] shape => Described()._shape!;

    public ScalarType dtype => Described()._dtype;

    public Device device => Described()._device;

    /// <summary>The number of dimensions.</summary>
    public int ndim => shape.Length;

    public int Dimensions => shape.Length;

    /// <summary>The number of elements.</summary>
    public long numel()
    {
        var count = 1L;
        foreach (var size in shape)
            count *= size;
        return count;
    }

    /// <summary>The size of one dimension; a negative one counts from the end.</summary>
    public long size(int dim) => shape[dim < 0 ? dim + ndim : dim];

    /// <summary>The elements to step over, in memory, to reach the next along each dimension; read only.</summary>
    public long[] stride() => Described()._strides;

    /// <summary>Whether the elements lie in memory one after another, the last dimension fastest.</summary>
    public bool is_contiguous()
    {
        var expected = 1L;
        for (var i = ndim - 1; i >= 0; i--)
        {
            if (shape[i] == 0)
                return true;
            if (shape[i] != 1 && _strides[i] != expected)
                return false;
            expected *= shape[i];
        }
        return true;
    }

    /// <summary>Type and shape, as in <c>Float32[2, 3]</c>.</summary>
    public override string ToString() => Describe();

    internal string Describe() => Handle.IsClosed ? "disposed tensor" : $"{dtype}[{string.Join(", ", shape)}]{(device.type == DeviceType.CPU ? "" : $" on {device}")}";

    /// <summary>This tensor, its facts read from the native side once: none of them changes.</summary>
    private Tensor Described()
    {
        if (_shape is not null && !Handle.IsClosed)
            return this;
        long* sizes = stackalloc long[MaxDimensions], strides = stackalloc long[MaxDimensions];
        TorchException.ThrowIfFailed(
            Interop.spin_tensor_describe(Handle, sizes, strides, MaxDimensions, out var dimensions, out var type, out var deviceType, out var deviceIndex),
            "describe");
        if (dimensions > MaxDimensions)
            throw new TorchException($"The tensor has {dimensions} dimensions; at most {MaxDimensions} are supported.");
        _strides = new Span<long>(strides, dimensions).ToArray();
        _dtype = (ScalarType)type;
        if (deviceType != (int)DeviceType.CPU)
            _device = new Device((DeviceType)deviceType, deviceIndex);
        _shape = new Span<long>(sizes, dimensions).ToArray();
        return this;
    }
}
