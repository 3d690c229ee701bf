using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

/// <summary>How an argument crosses to <c>spin_call</c>; the order is that of <c>Tag</c> in the native source.</summary>
internal enum ArgumentTag
{
    None,
    Tensor,
    Int,
    Double,
    Bool,
    IntList,
    TensorList,
    OptionalTensorList,
    Device,
    String,
    Default,
}

/// <summary>Mirrors <c>Argument</c> of the native source, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeArgument
{
    internal ArgumentTag Tag;
    internal int Length;
    internal long Bits;
}
