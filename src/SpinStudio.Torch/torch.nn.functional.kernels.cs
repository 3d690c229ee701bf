namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    public static partial class nn
    {
        /// <content>
        /// Where one call per operator costs as much as the arithmetic: each of these is one native pass, and one in the way back, with sums in Float32
        /// (Float64 for Float64). <see cref="reference"/> defines them in plain operators. Results do not depend on the number of threads, nor those of
        /// one row, segment or token on what stands beside it.
        /// </content>
        public static partial class functional
        {
            /// <summary>
            /// weight · x / √(mean(x²) + ε) over the last dimension (Zhang and Sennrich 2019), normalised in Float32 and rounded to the input's type
            /// before the weight is applied, as Llama does.
            /// </summary>
            /// <param name="input">[…, width].</param>
            /// <param name="weight">[width].</param>
            public static Tensor rms_norm(Tensor input, Tensor weight, double eps = 1e-6) =>
                backends.UseKernel(input) ? Ops.rms_norm.Call(input, weight, eps) : reference.rms_norm(input, weight, eps);

            /// <summary>silu(gate) · up (Shazeer 2020), both of one shape.</summary>
            public static Tensor swiglu(Tensor gate, Tensor up) =>
                backends.UseKernel(gate) ? Ops.swiglu.Call(gate, up) : reference.swiglu(gate, up);

            /// <summary>
            /// Rotary positions (Su et al. 2021) in the layout of Hugging Face's Llama: entry i of a head is turned together with entry i + width/2, by the
            /// angle of the token's position. Computed in Float32, rounded once.
            /// </summary>
            /// <param name="input">[tokens…, heads, width].</param>
            /// <param name="cos">Float32[positions, width / 2].</param>
            /// <param name="sin">The same.</param>
            /// <param name="positions">Int64[tokens…].</param>
            public static Tensor rotary(Tensor input, Tensor cos, Tensor sin, Tensor positions) =>
                backends.UseKernel(input) ? Ops.rotary.Call(input, cos, sin, positions) : reference.rotary(input, cos, sin, positions);

            /// <summary>
            /// ln softmax(logits)[target] of each row, in Float32 whatever the type of the logits. No [rows, vocabulary] tensor is made but the gradient of the
            /// logits, in their type.
            /// </summary>
            /// <param name="logits">[rows, vocabulary].</param>
            /// <param name="targets">Int64[rows].</param>
            /// <returns>Float32[rows].</returns>
            public static Tensor token_log_prob(Tensor logits, Tensor targets) =>
                backends.UseKernel(logits) ? Ops.token_log_prob.Call(logits, targets) : reference.token_log_prob(logits, targets);

            /// <summary>
            /// <see cref="token_log_prob"/> of <see cref="linear"/>, from hidden states. Where rows times vocabulary is large, the logits of a few rows exist at a time, and a way back
            /// that trains the weight makes them again; where it is small, all do. Which of the two depends on the shapes alone.
            /// </summary>
            /// <param name="hidden">[rows, width].</param>
            /// <param name="weight">[vocabulary, width].</param>
            /// <param name="targets">Int64[rows].</param>
            /// <param name="chunk">Rows at a time; by default as many as <see cref="LargestLogits"/> allows.</param>
            /// <returns>Float32[rows].</returns>
            public static Tensor linear_log_prob(Tensor hidden, Tensor weight, Tensor targets, long? chunk = null)
            {
                var rows = chunk ?? Math.Max(1, LargestLogits / weight.size(0));
                if (backends.UseKernel(hidden) && rows < hidden.size(0))
                    return Ops.linear_log_prob.Call(hidden, weight, targets, rows);
                using var logits = linear(hidden, weight);
                return token_log_prob(logits, targets);
            }

            /// <summary>
            /// <see cref="linear"/> with a frozen weight whose outputs are stacked parts, and beside some of them a low-rank adapter (Hu et al., arXiv 2106.09685): to part i is added
            /// scale · input · aᵢᵀ · bᵢᵀ.
            /// </summary>
            /// <param name="input">[tokens, in].</param>
            /// <param name="dropped">The adapters' input where it is another than <paramref name="input"/>, of the same shape.</param>
            /// <param name="weight">[out, in], without gradient.</param>
            /// <param name="bias">[out], without gradient.</param>
            /// <param name="a">The aᵢ under each other, [adapted parts · rank, in].</param>
            /// <param name="b">The bᵢ, [rows of the adapted parts, rank].</param>
            /// <param name="rows">Outputs of each part.</param>
            /// <param name="ranks">For each part the rank, or 0 where it has no adapter.</param>
            /// <returns>[tokens, out].</returns>
            public static Tensor adapted_linear(Tensor input, Tensor? dropped, Tensor weight, Tensor? bias, Tensor a, Tensor b, double scale, long[] rows, long[] ranks) =>
                backends.UseKernel(input)
                    ? Ops.adapted_linear.Call(input, dropped, weight, bias, a, b, scale, rows, ranks)
                    : reference.adapted_linear(input, dropped, weight, bias, a, b, scale, rows, ranks);

            /// <summary>
            /// Causal attention over segments packed one after another, without padding: each token sees its own segment up to itself, and all of the
            /// segment's parent, if it has one. So a prompt and two answers to it are three segments, the answers having the prompt as parent, and the
            /// prompt is computed once. Query heads share key-value heads in groups.
            /// </summary>
            /// <param name="query">[tokens, heads, width].</param>
            /// <param name="key">[tokens, kv_heads, width], positions already applied.</param>
            /// <param name="value">[tokens, kv_heads, width].</param>
            /// <param name="offsets">Where segments begin, and the end: 0 … tokens, one entry more than segments.</param>
            /// <param name="parents">For each segment an earlier one that has no parent itself, or -1; null when none has a parent.</param>
            /// <param name="scale">Applied to scores; 1 / √width when not given.</param>
            /// <param name="window">Tokens that a token sees, itself included; null: all before it.</param>
            /// <returns>[tokens, heads, width].</returns>
            public static Tensor segment_attention(
                Tensor query, Tensor key, Tensor value, long[] offsets, long[]? parents = null, double? scale = null, long? window = null) =>
                backends.UseKernel(query)
                    ? Ops.segment_attention.Call(query, key, value, offsets, parents ?? [], scale ?? DefaultScale(query), window ?? long.MaxValue)
                    : reference.segment_attention(query, key, value, offsets, parents, scale, window);

            /// <summary>
            /// Puts each token's key and value into the cache at its slot and position, then lets each token see its slot from position 0 up to its own.
            /// One token a slot is a step of decoding, several with rising positions take in a prompt; both may be mixed in one call. No gradient.
            /// </summary>
            /// <param name="query">[tokens, heads, width].</param>
            /// <param name="key">[tokens, kv_heads, width], positions already applied.</param>
            /// <param name="value">[tokens, kv_heads, width].</param>
            /// <param name="key_cache">[slots, kv_heads, capacity, width], contiguous, changed.</param>
            /// <param name="value_cache">The same.</param>
            /// <param name="slots">Int64[tokens].</param>
            /// <param name="positions">Int64[tokens]; what lies before a token's position in its slot must have been written.</param>
            /// <param name="scale">Applied to scores; 1 / √width when not given.</param>
            /// <param name="window">Positions that a token sees, its own included; null: all from 0.</param>
            /// <returns>[tokens, heads, width].</returns>
            public static Tensor cached_attention(
                Tensor query, Tensor key, Tensor value, Tensor key_cache, Tensor value_cache, Tensor slots, Tensor positions, double? scale = null, long? window = null)
            {
                using var frozen = no_grad();
                return backends.UseKernel(query)
                    ? Ops.cached_attention.Call(query, key, value, key_cache, value_cache, slots, positions, scale ?? DefaultScale(query), window ?? long.MaxValue)
                    : reference.cached_attention(query, key, value, key_cache, value_cache, slots, positions, scale, window);
            }

            /// <summary>
            /// Draws a token of each row: the likeliest at temperature 0, else the first where the cumulative softmax(logits / temperature) passes the row's uniform number.
            /// </summary>
            /// <param name="logits">[rows, vocabulary].</param>
            /// <param name="temperatures">Float64[rows], from 0.</param>
            /// <param name="uniforms">Float64[rows], in [0, 1).</param>
            /// <returns>Int64[rows].</returns>
            public static Tensor sample(Tensor logits, Tensor temperatures, Tensor uniforms)
            {
                using var frozen = no_grad();
                return backends.UseKernel(logits) ? Ops.sample.Call(logits, temperatures, uniforms) : reference.sample(logits, temperatures, uniforms);
            }

            /// <summary>Logits that <see cref="linear_log_prob"/> makes at a time: 64 MiB of them in BFloat16.</summary>
            public const long LargestLogits = 1 << 25;

            private static double DefaultScale(Tensor query) => 1 / Math.Sqrt(query.size(-1));
        }
    }
}
