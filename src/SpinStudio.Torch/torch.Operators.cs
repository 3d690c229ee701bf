namespace SpinStudio.Torch;

/// <content>Operators that have no tensor of their own to be a member of, or that read better as functions.</content>
public static unsafe partial class torch
{
    /// <summary>Joins along an existing dimension.</summary>
    public static Tensor cat(IEnumerable<Tensor> tensors, long dim = 0) => Ops.cat.Call(AsArray(tensors), dim);

    /// <summary>Joins along a new dimension.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Ops.stack.Call(AsArray(tensors), dim);

    /// <summary>Elements of <paramref name="x"/> where <paramref name="condition"/> is true, else of <paramref name="y"/>.</summary>
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Ops.where.Call(condition, x, y);

    /// <summary>Rows of <paramref name="weight"/> [rows, width] by the ids in <paramref name="indices"/> […]: […, width].</summary>
    public static Tensor embedding(Tensor weight, Tensor indices) => Ops.embedding.Call(weight, indices);

    public static Tensor matmul(Tensor left, Tensor right) => left.matmul(right);

    public static Tensor mm(Tensor left, Tensor right) => left.mm(right);

    public static Tensor bmm(Tensor left, Tensor right) => left.bmm(right);

    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, Scalar? beta = null, Scalar? alpha = null) => input.addmm(mat1, mat2, beta, alpha);

    public static Tensor baddbmm(Tensor input, Tensor batch1, Tensor batch2, Scalar? beta = null, Scalar? alpha = null) =>
        input.baddbmm(batch1, batch2, beta, alpha);

    public static Tensor outer(Tensor left, Tensor right) => left.outer(right);

    public static Tensor maximum(Tensor left, Tensor right) => left.maximum(right);

    public static Tensor minimum(Tensor left, Tensor right) => left.minimum(right);

    public static Tensor exp(Tensor input) => input.exp();

    public static Tensor log(Tensor input) => input.log();

    public static Tensor sqrt(Tensor input) => input.sqrt();

    public static Tensor rsqrt(Tensor input) => input.rsqrt();

    public static Tensor sigmoid(Tensor input) => input.sigmoid();

    public static Tensor tanh(Tensor input) => input.tanh();

    public static Tensor sin(Tensor input) => input.sin();

    public static Tensor cos(Tensor input) => input.cos();

    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);

    public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

    public static Tensor log_softmax(Tensor input, long dim, ScalarType? dtype = null) => input.log_softmax(dim, dtype);

    public static Tensor triu(Tensor input, long diagonal = 0) => input.triu(diagonal);

    public static Tensor tril(Tensor input, long diagonal = 0) => input.tril(diagonal);

    private static Tensor[] AsArray(IEnumerable<Tensor> tensors) => tensors as Tensor[] ?? [.. tensors];
}
