namespace SpinStudio.Torch;

/// <content>Sums, products and what else takes two operands. Shapes broadcast; types promote.</content>
public sealed partial class Tensor
{
    public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

    public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

    public static Tensor operator +(Scalar left, Tensor right) => right.add(left);

    public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

    public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

    public static Tensor operator -(Scalar left, Tensor right) => Ops.rsub_Scalar.Call(right, left);

    public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

    public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

    public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

    public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

    public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

    public static Tensor operator -(Tensor operand) => operand.neg();

    /// <summary>this + alpha · other.</summary>
    public Tensor add(Tensor other, Scalar? alpha = null) => Ops.add_Tensor.Call(this, other, alpha ?? 1);

    public Tensor add(Scalar other) => Ops.add_Scalar.Call(this, other);

    /// <summary>this - alpha · other.</summary>
    public Tensor sub(Tensor other, Scalar? alpha = null) => Ops.sub_Tensor.Call(this, other, alpha ?? 1);

    public Tensor sub(Scalar other) => Ops.sub_Scalar.Call(this, other);

    public Tensor mul(Tensor other) => Ops.mul_Tensor.Call(this, other);

    public Tensor mul(Scalar other) => Ops.mul_Scalar.Call(this, other);

    public Tensor div(Tensor other) => Ops.div_Tensor.Call(this, other);

    public Tensor div(Scalar other) => Ops.div_Scalar.Call(this, other);

    public Tensor add_(Tensor other, Scalar? alpha = null) => Changed(Ops.add__Tensor, other, alpha ?? 1);

    public Tensor add_(Scalar other) => Changed(Ops.add__Scalar, other);

    public Tensor sub_(Tensor other, Scalar? alpha = null) => Changed(Ops.sub__Tensor, other, alpha ?? 1);

    public Tensor sub_(Scalar other) => Changed(Ops.sub__Scalar, other);

    public Tensor mul_(Tensor other) => Changed(Ops.mul__Tensor, other);

    public Tensor mul_(Scalar other) => Changed(Ops.mul__Scalar, other);

    public Tensor div_(Tensor other) => Changed(Ops.div__Tensor, other);

    public Tensor div_(Scalar other) => Changed(Ops.div__Scalar, other);

    /// <summary>this + value · (tensor1 · tensor2).</summary>
    public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar? value = null) => Changed(Ops.addcmul_, tensor1, tensor2, value ?? 1);

    /// <summary>this + value · (tensor1 / tensor2).</summary>
    public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar? value = null) => Changed(Ops.addcdiv_, tensor1, tensor2, value ?? 1);

    /// <summary>this + weight · (end - this).</summary>
    public Tensor lerp(Tensor end, Scalar weight) => Ops.lerp_Scalar.Call(this, end, weight);

    public Tensor lerp_(Tensor end, Scalar weight) => Changed(Ops.lerp__Scalar, end, weight);

    public Tensor zero_() => Changed(Ops.zero_);

    public Tensor fill_(Scalar value) => Changed(Ops.fill__Scalar, value);

    /// <summary>Takes the values of <paramref name="source"/>, converted to this tensor's type and broadcast to its shape.</summary>
    public Tensor copy_(Tensor source) => Changed(Ops.copy_, source);

    public Tensor pow(Scalar exponent) => Ops.pow_Tensor_Scalar.Call(this, exponent);

    public Tensor pow(Tensor exponent) => Ops.pow_Tensor_Tensor.Call(this, exponent);

    public Tensor remainder(Scalar divisor) => Ops.remainder_Scalar.Call(this, divisor);

    public Tensor maximum(Tensor other) => Ops.maximum.Call(this, other);

    public Tensor minimum(Tensor other) => Ops.minimum.Call(this, other);

    private Tensor Changed(Op op)
    {
        op.Run(this);
        return this;
    }

    private Tensor Changed(Op op, Arg first)
    {
        op.Run(this, first);
        return this;
    }

    private Tensor Changed(Op op, Arg first, Arg second)
    {
        op.Run(this, first, second);
        return this;
    }

    private Tensor Changed(Op op, Arg first, Arg second, Arg third)
    {
        op.Run(this, first, second, third);
        return this;
    }
}
