namespace SpinStudio.Torch;

/// <content>Functions of each element by itself.</content>
public sealed partial class Tensor
{
    public Tensor neg() => Ops.neg.Call(this);

    public Tensor abs() => Ops.abs.Call(this);

    public Tensor sign() => Ops.sign.Call(this);

    public Tensor reciprocal() => Ops.reciprocal.Call(this);

    public Tensor sqrt() => Ops.sqrt.Call(this);

    /// <summary>1 / √this.</summary>
    public Tensor rsqrt() => Ops.rsqrt.Call(this);

    public Tensor square() => Ops.square.Call(this);

    public Tensor exp() => Ops.exp.Call(this);

    public Tensor exp_() => Changed(Ops.exp_);

    public Tensor log() => Ops.log.Call(this);

    /// <summary>ln(1 + this), exact near 0.</summary>
    public Tensor log1p() => Ops.log1p.Call(this);

    public Tensor sin() => Ops.sin.Call(this);

    public Tensor cos() => Ops.cos.Call(this);

    public Tensor tanh() => Ops.tanh.Call(this);

    public Tensor sigmoid() => Ops.sigmoid.Call(this);

    public Tensor relu() => Ops.relu.Call(this);

    /// <summary>this · sigmoid(this).</summary>
    public Tensor silu() => Ops.silu.Call(this);

    /// <summary>ln(1 + exp(this)).</summary>
    public Tensor softplus() => Ops.softplus.Call(this);

    public Tensor floor() => Ops.floor.Call(this);

    public Tensor round() => Ops.round.Call(this);

    public Tensor clamp(Scalar? min = null, Scalar? max = null) => Ops.clamp.Call(this, min, max);

    public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Changed(Ops.clamp_, min, max);

    public Tensor isfinite() => Ops.isfinite.Call(this);

    public Tensor isnan() => Ops.isnan.Call(this);

    /// <summary>The upper triangle of each matrix, from <paramref name="diagonal"/> on; zero elsewhere.</summary>
    public Tensor triu(long diagonal = 0) => Ops.triu.Call(this, diagonal);

    /// <summary>The lower triangle of each matrix, up to <paramref name="diagonal"/>; zero elsewhere.</summary>
    public Tensor tril(long diagonal = 0) => Ops.tril.Call(this, diagonal);
}
