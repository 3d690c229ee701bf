namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>The native kernels in libtorch's operators: what they are tested and measured against, and what computes on a device.</summary>
            public static class reference
            {
                /// <inheritdoc cref="functional.rms_norm"/>
                public static Tensor rms_norm(Tensor input, Tensor weight, double eps = 1e-6)
                {
                    using var scope = NewDisposeScope();
                    var wide = input.to(Accumulator(input));
                    var normal = wide * (wide.square().mean(-1, keepdim: true) + eps).rsqrt();
                    return (weight * normal.to(input.dtype)).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.swiglu"/>
                public static Tensor swiglu(Tensor gate, Tensor up)
                {
                    using var activated = gate.silu();
                    return activated * up;
                }

                /// <inheritdoc cref="functional.rotary"/>
                public static Tensor rotary(Tensor input, Tensor cos, Tensor sin, Tensor positions)
                {
                    using var scope = NewDisposeScope();
                    var half = input.size(-1) / 2;
                    long[] angles = [.. input.shape[..^2], 1, half];
                    var places = positions.flatten();
                    var (c, s) = (cos.index_select(0, places).view(angles), sin.index_select(0, places).view(angles));
                    var wide = input.to(Accumulator(input));
                    var (first, second) = (wide.narrow(-1, 0, half), wide.narrow(-1, half, half));
                    return cat([first * c - second * s, second * c + first * s], -1).to(input.dtype).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.token_log_prob"/>
                public static Tensor token_log_prob(Tensor logits, Tensor targets)
                {
                    using var scope = NewDisposeScope();
                    return logits.log_softmax(-1, Accumulator(logits)).gather(1, targets.unsqueeze(1)).squeeze(1).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.adapted_linear"/>
                public static Tensor adapted_linear(Tensor input, Tensor? dropped, Tensor weight, Tensor? bias, Tensor a, Tensor b, double scale, long[] rows, long[] ranks)
                {
                    using var scope = NewDisposeScope();
                    var low = linear(dropped ?? input, a) * scale;
                    var added = new List<Tensor>();
                    long row = 0, column = 0;
                    foreach (var (count, rank) in rows.Zip(ranks))
                    {
                        if (rank == 0)
                        {
                            added.Add(zeros([input.size(0), count], input.dtype, input.device));
                            continue;
                        }
                        added.Add(linear(low.narrow(1, column, rank), b.narrow(0, row, count)));
                        row += count;
                        column += rank;
                    }
                    return (linear(input, weight, bias) + (added.Count == 1 ? added[0] : cat(added, 1))).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.sample"/>
                public static Tensor sample(Tensor logits, Tensor temperatures, Tensor uniforms)
                {
                    using var scope = NewDisposeScope();
                    var wide = logits.to(ScalarType.Float64);
                    var likeliest = wide.argmax(-1);
                    // Where the temperature is 0 any other gives a number, which is not used.
                    var cold = temperatures.eq(0.0);
                    var cumulative = (wide / (temperatures + cold.to(ScalarType.Float64)).unsqueeze(1)).softmax(-1).cumsum(-1);
                    var passed = cumulative.le(uniforms.unsqueeze(1)).to(ScalarType.Int64).sum(-1);
                    var drawn = where(passed.lt(logits.size(-1)), passed, likeliest);
                    return where(cold, likeliest, drawn).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.segment_attention"/>
                public static Tensor segment_attention(
                    Tensor query, Tensor key, Tensor value, long[] offsets, long[]? parents = null, double? scale = null, long? window = null)
                {
                    ArgumentNullException.ThrowIfNull(offsets);
                    using var scope = NewDisposeScope();
                    var results = new Tensor[offsets.Length - 1];
                    for (var i = 0; i < results.Length; i++)
                    {
                        var (begin, count) = (offsets[i], offsets[i + 1] - offsets[i]);
                        var parent = parents?[i] ?? -1;
                        var (keys, values) = (key.narrow(0, begin, count), value.narrow(0, begin, count));
                        if (parent >= 0)
                        {
                            var (parentBegin, parentCount) = (offsets[parent], offsets[parent + 1] - offsets[parent]);
                            keys = cat([key.narrow(0, parentBegin, parentCount), keys]);
                            values = cat([value.narrow(0, parentBegin, parentCount), values]);
                        }
                        results[i] = Causal(query.narrow(0, begin, count), keys, values, scale ?? DefaultScale(query), window);
                    }
                    return cat(results).MoveToOuterDisposeScope();
                }

                /// <inheritdoc cref="functional.cached_attention"/>
                public static Tensor cached_attention(
                    Tensor query, Tensor key, Tensor value, Tensor key_cache, Tensor value_cache, Tensor slots, Tensor positions, double? scale = null, long? window = null)
                {
                    using var frozen = no_grad();
                    using var scope = NewDisposeScope();
                    key_cache.index_put_([slots, null, positions], key);
                    value_cache.index_put_([slots, null, positions], value);

                    var (tokens, heads, width, kvHeads) = (query.size(0), query.size(1), query.size(2), key.size(1));
                    var longest = positions.max().item<long>() + 1;
                    var keys = key_cache.narrow(2, 0, longest).index_select(0, slots);
                    var values = value_cache.narrow(2, 0, longest).index_select(0, slots);
                    var scores = query.reshape(tokens, kvHeads, heads / kvHeads, width).matmul(keys.transpose(2, 3)) * (scale ?? DefaultScale(query));
                    var (places, own) = (arange(longest, device: query.device).view(1, 1, 1, longest), positions.view(tokens, 1, 1, 1));
                    var hidden = places.gt(own);
                    if (window < longest)
                        hidden = hidden.logical_or(places.le(own - window.Value));
                    var shares = scores.masked_fill(hidden, double.NegativeInfinity).softmax(-1, Accumulator(query)).to(query.dtype);
                    return shares.matmul(values).reshape(tokens, heads, width).MoveToOuterDisposeScope();
                }

                /// <summary>query [n, heads, width] sees the last n of the keys [m, kv_heads, width] up to itself, and all before those, or the last of them that the window holds.</summary>
                private static Tensor Causal(Tensor query, Tensor keys, Tensor values, double scale, long? window)
                {
                    var (n, heads, width, m, kvHeads) = (query.size(0), query.size(1), query.size(2), keys.size(0), keys.size(1));
                    var group = heads / kvHeads;
                    var rows = query.reshape(n, kvHeads, group, width).permute(1, 2, 0, 3).reshape(kvHeads, group * n, width);
                    var scores = rows.matmul(keys.permute(1, 2, 0)).view(kvHeads, group, n, m) * scale;
                    var future = ones([n, m], ScalarType.Bool, query.device).triu(m - n + 1);
                    if (window < m)
                        future = future.logical_or(ones([n, m], ScalarType.Bool, query.device).tril(m - n - window.Value));
                    var shares = scores.masked_fill(future, double.NegativeInfinity).softmax(-1, Accumulator(query)).to(query.dtype);
                    var mixed = shares.view(kvHeads, group * n, m).matmul(values.permute(1, 0, 2));
                    return mixed.view(kvHeads, group, n, width).permute(2, 0, 1, 3).reshape(n, heads, width);
                }

                private static ScalarType Accumulator(Tensor input) => input.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
            }
        }
    }
}
