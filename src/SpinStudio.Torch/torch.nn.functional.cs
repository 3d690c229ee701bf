namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    public static partial class nn
    {
        /// <summary>What layers compute, without the layers.</summary>
        public static partial class functional
        {
            /// <summary>input […, in] · weightᵀ + bias, with weight [out, in] and bias [out]: […, out].</summary>
            public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null)
            {
                if (!is_inference_mode_enabled() || !backends.UseKernel(input) || input.shape is not [<= FewRows, _])
                    return Ops.linear.Call(input, weight, bias);
                var product = Ops.few_rows_linear.Call(input, weight);
                return bias is null ? product : product.add_(bias);
            }

            /// <summary>Up to so many rows a product is bound by reading the weights.</summary>
            private const int FewRows = 4;

            /// <summary>Rows of <paramref name="weight"/> [rows, width] by id: […, width].</summary>
            public static Tensor embedding(Tensor input, Tensor weight) => Ops.embedding.Call(weight, input);

            public static Tensor silu(Tensor input) => input.silu();

            public static Tensor relu(Tensor input) => input.relu();

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            public static Tensor log_softmax(Tensor input, long dim, ScalarType? dtype = null) => input.log_softmax(dim, dtype);

            /// <summary>ln sigmoid(input), finite for every finite input.</summary>
            public static Tensor logsigmoid(Tensor input) => Ops.log_sigmoid.Call(input);

            /// <summary>ln(1 + exp(beta · input)) / beta; linear above <paramref name="threshold"/>.</summary>
            public static Tensor softplus(Tensor input, Scalar? beta = null, Scalar? threshold = null) => Ops.softplus.Call(input, beta ?? 1, threshold ?? 20);

            /// <summary>Zeroes each element with probability <paramref name="p"/> and scales the rest by 1 / (1 - p), while training.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true) => Ops.dropout.Call(input, p, training);

            /// <summary>Attention of query, key and value [batch, heads, time, width] by libtorch's own kernel, which libtorch has since 2.0.</summary>
            /// <exception cref="TorchException">This libtorch is older.</exception>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0, bool is_causal = false) =>
                Ops.scaled_dot_product_attention.Call(query, key, value, attn_mask, p, is_causal);
        }
    }
}
