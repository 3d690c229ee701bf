using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

/// <summary>The exports of <c>native/spinstudio_torch.cpp</c>, one declaration each. Status results: 0 is success.</summary>
internal static unsafe partial class Interop
{
    internal const string Library = "spinstudio_torch";

    static Interop() => NativeLoader.Register();

    [LibraryImport(Library)]
    internal static partial int spin_last_error(byte* buffer, int capacity);

    [LibraryImport(Library)]
    internal static partial int spin_version(byte* buffer, int capacity);

    [LibraryImport(Library)]
    internal static partial int spin_config(byte* buffer, int capacity);

    [LibraryImport(Library)]
    internal static partial int spin_cuda_is_available();

    [LibraryImport(Library)]
    internal static partial long spin_live_tensors();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int spin_operator(string name, string overload, out nint op);

    [LibraryImport(Library)]
    internal static partial int spin_call(nint op, NativeArgument* arguments, int argumentCount, nint* results, int capacity, int* count);

    [LibraryImport(Library)]
    internal static partial int spin_tensor_from_data(void* data, long* sizes, int dimensions, int scalarType, out nint result);

    [LibraryImport(Library)]
    internal static partial void spin_tensor_free(nint tensor);

    [LibraryImport(Library)]
    internal static partial int spin_tensor_describe(
        TensorHandle tensor, long* sizes, long* strides, int capacity, out int dimensions, out int scalarType, out int deviceType, out int deviceIndex);

    [LibraryImport(Library)]
    internal static partial int spin_tensor_data(TensorHandle tensor, out nint data);

    [LibraryImport(Library)]
    internal static partial int spin_tensor_item(TensorHandle tensor, out double real, out long integer, out int isIntegral);

    [LibraryImport(Library)]
    internal static partial int spin_requires_grad(TensorHandle tensor, out int value);

    [LibraryImport(Library)]
    internal static partial int spin_set_requires_grad(TensorHandle tensor, int value);

    [LibraryImport(Library)]
    internal static partial int spin_grad(TensorHandle tensor, out nint grad);

    [LibraryImport(Library)]
    internal static partial int spin_set_grad(TensorHandle tensor, nint grad);

    [LibraryImport(Library)]
    internal static partial int spin_backward(nint* outputs, nint* gradients, int count, int retainGraph);

    [LibraryImport(Library)]
    internal static partial int spin_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void spin_set_grad_enabled(int enabled);

    [LibraryImport(Library)]
    internal static partial int spin_manual_seed(long seed);

    [LibraryImport(Library)]
    internal static partial int spin_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int spin_num_threads();
}
