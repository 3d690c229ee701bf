namespace SpinStudio.Torch;

/// <content>Comparisons and logic: results are Bool tensors.</content>
public sealed partial class Tensor
{
    public Tensor eq(Tensor other) => Ops.eq_Tensor.Call(this, other);

    public Tensor eq(Scalar other) => Ops.eq_Scalar.Call(this, other);

    public Tensor ne(Tensor other) => Ops.ne_Tensor.Call(this, other);

    public Tensor ne(Scalar other) => Ops.ne_Scalar.Call(this, other);

    public Tensor lt(Tensor other) => Ops.lt_Tensor.Call(this, other);

    public Tensor lt(Scalar other) => Ops.lt_Scalar.Call(this, other);

    public Tensor le(Tensor other) => Ops.le_Tensor.Call(this, other);

    public Tensor le(Scalar other) => Ops.le_Scalar.Call(this, other);

    public Tensor gt(Tensor other) => Ops.gt_Tensor.Call(this, other);

    public Tensor gt(Scalar other) => Ops.gt_Scalar.Call(this, other);

    public Tensor ge(Tensor other) => Ops.ge_Tensor.Call(this, other);

    public Tensor ge(Scalar other) => Ops.ge_Scalar.Call(this, other);

    public Tensor logical_and(Tensor other) => Ops.logical_and.Call(this, other);

    public Tensor logical_or(Tensor other) => Ops.logical_or.Call(this, other);

    public Tensor logical_not() => Ops.logical_not.Call(this);

    public Tensor any() => Ops.any.Call(this);

    public Tensor any(long dim, bool keepdim = false) => Ops.any_dim.Call(this, dim, keepdim);

    public Tensor all() => Ops.all.Call(this);

    public Tensor all(long dim, bool keepdim = false) => Ops.all_dim.Call(this, dim, keepdim);
}
