namespace SpinStudio.Torch;

/// <content>Other shapes, types and places of the same numbers. "View" shares memory with the original.</content>
public sealed partial class Tensor
{
    /// <summary>A view in another shape; -1 stands for what remains.</summary>
    public Tensor view(params long[] shape) => Ops.view.Call(this, shape);

    /// <summary>The same memory as elements of another type: the bits, not the values.</summary>
    public Tensor view(ScalarType dtype) => Ops.view_dtype.Call(this, dtype);

    /// <summary>A view where strides allow, else a copy.</summary>
    public Tensor reshape(params long[] shape) => Ops.reshape.Call(this, shape);

    /// <summary>A view with two dimensions exchanged.</summary>
    public Tensor transpose(long dim0, long dim1) => Ops.transpose.Call(this, dim0, dim1);

    /// <summary>A view of a matrix, transposed.</summary>
    public Tensor t() => Ops.t.Call(this);

    /// <summary>A view with the dimensions in the given order.</summary>
    public Tensor permute(params long[] dims) => Ops.permute.Call(this, dims);

    public Tensor unsqueeze(long dim) => Ops.unsqueeze.Call(this, dim);

    public Tensor squeeze() => Ops.squeeze.Call(this);

    public Tensor squeeze(long dim) => Ops.squeeze_dim.Call(this, dim);

    /// <summary>A view that repeats dimensions of size 1 without copying; -1 keeps a size.</summary>
    public Tensor expand(params long[] sizes) => Ops.expand.Call(this, sizes);

    public Tensor flatten(long start_dim = 0, long end_dim = -1) => Ops.flatten.Call(this, start_dim, end_dim);

    /// <summary>A copy tiled as often as given along each dimension.</summary>
    public Tensor repeat(params long[] repeats) => Ops.repeat.Call(this, repeats);

    /// <summary>A copy in which each entry along <paramref name="dim"/> stands <paramref name="repeats"/> times in a row.</summary>
    public Tensor repeat_interleave(long repeats, long? dim = null) => Ops.repeat_interleave.Call(this, repeats, dim);

    /// <summary>Pieces of <paramref name="size"/> along <paramref name="dim"/>, the last perhaps smaller; views.</summary>
    public Tensor[] split(long size, long dim = 0) =>
        Ops.split.CallList(checked((int)((this.size((int)dim) + size - 1) / size)), this, size, dim);

    /// <summary>This tensor in another type; itself under a new handle if it has that type already.</summary>
    public Tensor to(ScalarType dtype) => Ops.to_dtype.Call(this, dtype);

    /// <summary>This tensor on another device, in another type where one is given.</summary>
    public Tensor to(Device device, ScalarType? dtype = null) => Ops.to_dtype_layout.Call(this, dtype ?? this.dtype, default, device);

    public Tensor cpu() => to(torch.CPU);

    public Tensor clone() => Ops.clone.Call(this);

    /// <summary>The same memory, cut off from autograd.</summary>
    public Tensor detach() => Ops.detach.Call(this);

    /// <summary>This tensor with its elements one after another: a copy where they are not.</summary>
    public Tensor contiguous() => Ops.contiguous.Call(this);

    /// <summary>A new handle to the same tensor, to be disposed by itself.</summary>
    public Tensor alias() => Ops.alias.Call(this);
}
