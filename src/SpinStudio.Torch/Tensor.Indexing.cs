namespace SpinStudio.Torch;

/// <content>Parts of a tensor, and writing into them. Indices are Int64 tensors.</content>
public sealed partial class Tensor
{
    /// <summary>A view of <paramref name="length"/> entries along <paramref name="dim"/>.</summary>
    public Tensor narrow(long dim, long start, long length) => Ops.narrow.Call(this, dim, start, length);

    /// <summary>A view of the entries from <paramref name="start"/> to before <paramref name="finish"/> along <paramref name="dim"/>.</summary>
    public Tensor slice(long dim, long start, long finish, long step = 1) => Ops.slice.Call(this, dim, start, finish, step);

    /// <summary>A view of one entry along <paramref name="dim"/>, which goes.</summary>
    public Tensor select(long dim, long index) => Ops.select.Call(this, dim, index);

    /// <summary>The entries along <paramref name="dim"/> that the vector <paramref name="index"/> names, in its order.</summary>
    public Tensor index_select(long dim, Tensor index) => Ops.index_select.Call(this, dim, index);

    /// <summary>Adds the entries of <paramref name="source"/> to those that <paramref name="index"/> names; an index may come more than once.</summary>
    public Tensor index_add(long dim, Tensor index, Tensor source, Scalar? alpha = null) => Ops.index_add.Call(this, dim, index, source, alpha ?? 1);

    public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar? alpha = null)
    {
        Ops.index_add_.Run(this, dim, index, source, alpha ?? 1);
        return this;
    }

    public Tensor index_copy_(long dim, Tensor index, Tensor source) => Changed(Ops.index_copy_, dim, index, source);

    /// <summary>The elements at the broadcast positions of <paramref name="indices"/>, one tensor a dimension; null takes all of a dimension.</summary>
    public Tensor index(params Tensor?[] indices) => Ops.index.Call(this, Arg.Optional(indices));

    /// <summary>Writes <paramref name="values"/> to the positions of <paramref name="indices"/>, adding when <paramref name="accumulate"/>.</summary>
    public Tensor index_put_(Tensor?[] indices, Tensor values, bool accumulate = false) =>
        Changed(Ops.index_put_, Arg.Optional(indices), values, accumulate);

    /// <summary>result[i][j] = this[i][index[i][j]] for dim 1, and alike for others.</summary>
    public Tensor gather(long dim, Tensor index) => Ops.gather.Call(this, dim, index);

    /// <summary>A copy in which result[i][index[i][j]] = source[i][j] for dim 1, and alike for others.</summary>
    public Tensor scatter(long dim, Tensor index, Tensor source) => Ops.scatter_src.Call(this, dim, index, source);

    public Tensor scatter(long dim, Tensor index, Scalar value) => Ops.scatter_value.Call(this, dim, index, value);

    public Tensor scatter_(long dim, Tensor index, Tensor source) => Changed(Ops.scatter__src, dim, index, source);

    public Tensor scatter_(long dim, Tensor index, Scalar value) => Changed(Ops.scatter__value, dim, index, value);

    public Tensor scatter_add_(long dim, Tensor index, Tensor source) => Changed(Ops.scatter_add_, dim, index, source);

    /// <summary>A copy with <paramref name="value"/> where <paramref name="mask"/> is true.</summary>
    public Tensor masked_fill(Tensor mask, Scalar value) => Ops.masked_fill_Scalar.Call(this, mask, value);

    public Tensor masked_fill_(Tensor mask, Scalar value) => Changed(Ops.masked_fill__Scalar, mask, value);

    /// <summary>The positions of the elements that are not zero, [count, dimensions].</summary>
    public Tensor nonzero() => Ops.nonzero.Call(this);
}
