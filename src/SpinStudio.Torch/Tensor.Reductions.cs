namespace SpinStudio.Torch;

/// <content>Sums, extremes, orders. A negative dimension counts from the end.</content>
public sealed partial class Tensor
{
    /// <summary>The sum of all elements, in <paramref name="dtype"/> when given.</summary>
    public Tensor sum(ScalarType? dtype = null) => Ops.sum.Call(this, dtype);

    public Tensor sum(long dim, bool keepdim = false, ScalarType? dtype = null) => sum([dim], keepdim, dtype);

    public Tensor sum(long[] dim, bool keepdim = false, ScalarType? dtype = null) => Ops.sum_dim_IntList.Call(this, dim, keepdim, dtype);

    public Tensor mean(ScalarType? dtype = null) => Ops.mean.Call(this, dtype);

    public Tensor mean(long dim, bool keepdim = false, ScalarType? dtype = null) => mean([dim], keepdim, dtype);

    public Tensor mean(long[] dim, bool keepdim = false, ScalarType? dtype = null) => Ops.mean_dim.Call(this, dim, keepdim, dtype);

    /// <summary>The variance, with Bessel's correction unless <paramref name="unbiased"/> is false.</summary>
    public Tensor var(bool unbiased = true) => Ops.var.Call(this, unbiased);

    public Tensor var(long dim, bool unbiased = true, bool keepdim = false) => Ops.var_dim.Call(this, new[] { dim }, unbiased, keepdim);

    /// <summary>The p-norm of all elements.</summary>
    public Tensor norm(double p = 2) => Ops.norm_Scalar.Call(this, p);

    public Tensor norm(long dim, bool keepdim = false, double p = 2) => Ops.norm_ScalarOpt_dim.Call(this, p, new[] { dim }, keepdim);

    public Tensor max() => Ops.max.Call(this);

    public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Ops.max_dim.Call2(this, dim, keepdim);

    public Tensor min() => Ops.min.Call(this);

    public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Ops.min_dim.Call2(this, dim, keepdim);

    public Tensor amax(long dim, bool keepdim = false) => Ops.amax.Call(this, new[] { dim }, keepdim);

    /// <summary>The flat index of the largest element.</summary>
    public Tensor argmax() => Ops.argmax.Call(this);

    public Tensor argmax(long dim, bool keepdim = false) => Ops.argmax.Call(this, dim, keepdim);

    public Tensor cumsum(long dim, ScalarType? dtype = null) => Ops.cumsum.Call(this, dim, dtype);

    /// <summary>Sorted values and where they stood; equal ones keep their order when <paramref name="stable"/>.</summary>
    public (Tensor values, Tensor indexes) sort(long dim = -1, bool descending = false, bool stable = false) =>
        Ops.sort_stable.Call2(this, stable, dim, descending);

    public Tensor argsort(long dim = -1, bool descending = false) => Ops.argsort.Call(this, dim, descending);

    public (Tensor values, Tensor indexes) topk(long k, long dim = -1, bool largest = true, bool sorted = true) =>
        Ops.topk.Call2(this, k, dim, largest, sorted);

    /// <summary>ln Σ exp(this) along <paramref name="dim"/>, without overflow.</summary>
    public Tensor logsumexp(long dim, bool keepdim = false) => Ops.logsumexp.Call(this, new[] { dim }, keepdim);

    /// <summary>exp(this) / Σ exp(this) along <paramref name="dim"/>; computed in <paramref name="dtype"/> when given.</summary>
    public Tensor softmax(long dim, ScalarType? dtype = null) => Ops.softmax_int.Call(this, dim, dtype);

    public Tensor log_softmax(long dim, ScalarType? dtype = null) => Ops.log_softmax_int.Call(this, dim, dtype);
}
