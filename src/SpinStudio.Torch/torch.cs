namespace SpinStudio.Torch;

/// <summary>PyTorch's top-level functions, under PyTorch's names.</summary>
public static unsafe partial class torch
{
    public const ScalarType float32 = ScalarType.Float32;
    public const ScalarType float64 = ScalarType.Float64;
    public const ScalarType float16 = ScalarType.Float16;
    public const ScalarType bfloat16 = ScalarType.BFloat16;
    public const ScalarType int32 = ScalarType.Int32;
    public const ScalarType int64 = ScalarType.Int64;
    public const ScalarType uint8 = ScalarType.Byte;
    public const ScalarType @bool = ScalarType.Bool;

    /// <summary>The host's memory.</summary>
    public static Device CPU { get; } = new(DeviceType.CPU);

    /// <summary>The current CUDA device.</summary>
    public static Device CUDA { get; } = new(DeviceType.CUDA);

    /// <summary>libtorch's version, such as <c>1.13.1</c>.</summary>
    public static string version { get; } = NativeText.Version();

    /// <summary>Opens a scope that disposes, at its end, the tensors that this thread makes inside it.</summary>
    public static DisposeScope NewDisposeScope() => new();

    public static bool cuda_is_available() => Interop.spin_cuda_is_available() != 0;

    /// <summary>How many threads one operator may use, the BLAS included. libtorch starts with 1 or all, depending on its build: set it.</summary>
    /// <remarks>OpenBLAS keeps one number for the process: whoever sets another while somebody else computes changes how that one's sums are rounded.</remarks>
    public static void set_num_threads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        TorchException.ThrowIfFailed(Interop.spin_set_num_threads(count), "set_num_threads");
    }

    public static int get_num_threads() => Interop.spin_num_threads();

    /// <summary>Seeds libtorch's own generators, those of <see cref="rand"/>, <see cref="randn"/> and dropout.</summary>
    public static void manual_seed(long seed) => TorchException.ThrowIfFailed(Interop.spin_manual_seed(seed), "manual_seed");

    /// <summary>libtorch's description of its build: BLAS, oneDNN, OpenMP, processor capability.</summary>
    public static string config() => NativeText.Config();
}
