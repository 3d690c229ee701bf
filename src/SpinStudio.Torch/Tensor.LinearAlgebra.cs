namespace SpinStudio.Torch;

/// <content>Matrix products.</content>
public sealed partial class Tensor
{
    /// <summary>[…, n, k] · […, k, m] → […, n, m]; the leading dimensions broadcast.</summary>
    public Tensor matmul(Tensor other) => Ops.matmul.Call(this, other);

    /// <summary>[n, k] · [k, m] → [n, m].</summary>
    public Tensor mm(Tensor other) => Ops.mm.Call(this, other);

    /// <summary>[b, n, k] · [b, k, m] → [b, n, m].</summary>
    public Tensor bmm(Tensor other) => Ops.bmm.Call(this, other);

    /// <summary>beta · this + alpha · mat1 · mat2.</summary>
    public Tensor addmm(Tensor mat1, Tensor mat2, Scalar? beta = null, Scalar? alpha = null) => Ops.addmm.Call(this, mat1, mat2, beta ?? 1, alpha ?? 1);

    public Tensor addmm_(Tensor mat1, Tensor mat2, Scalar? beta = null, Scalar? alpha = null)
    {
        Ops.addmm_.Run(this, mat1, mat2, beta ?? 1, alpha ?? 1);
        return this;
    }

    /// <summary>beta · this + alpha · batch1 · batch2, batch by batch.</summary>
    public Tensor baddbmm(Tensor batch1, Tensor batch2, Scalar? beta = null, Scalar? alpha = null) =>
        Ops.baddbmm.Call(this, batch1, batch2, beta ?? 1, alpha ?? 1);

    /// <summary>[n] and [m] → [n, m], each with each.</summary>
    public Tensor outer(Tensor other) => Ops.outer.Call(this, other);

    /// <summary>[n] · [n] → a scalar.</summary>
    public Tensor dot(Tensor other) => Ops.dot.Call(this, other);
}
