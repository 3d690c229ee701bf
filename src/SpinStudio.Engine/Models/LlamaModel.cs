using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// A decoder of the Llama family: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied or separate head
/// (Touvron et al., arXiv 2302.13971; Ainslie et al., arXiv 2305.13245; Shazeer, arXiv 2002.05202).
/// </summary>
/// <remarks>
/// Batches are padded on the right: with a causal mask a real position never sees padding, so no padding mask is needed.
/// Norm statistics, softmax and rotary angles are fp32 in every precision.
/// </remarks>
public sealed class LlamaModel : IDisposable
{
    private readonly RotaryPositions _rotary;
    private readonly Layer[] _layers;
    private readonly Tensor _embedding, _finalNorm, _head;

    /// <summary>A model with zero weights, to be filled through <see cref="Parameters"/>.</summary>
    public LlamaModel(ModelConfig config, ScalarType dtype)
    {
        Config = config;
        Parameters = new FlatParameters(Leaves(config), dtype);
        _rotary = new RotaryPositions(config);
        _embedding = Parameters.Leaf("embedding");
        _finalNorm = Parameters.Leaf("norm");
        _head = config.TieWordEmbeddings ? _embedding : Parameters.Leaf("head");
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new Layer(Parameters, config, i))];
    }

    public ModelConfig Config { get; }

    public FlatParameters Parameters { get; }

    public ScalarType Dtype => Parameters.Weights.dtype;

    /// <summary>Hidden states before the head.</summary>
    /// <param name="ids">Token ids, [batch, time].</param>
    /// <param name="cache">If given, the keys and values of every layer are put into these slots of it, from position 0.</param>
    /// <returns>[batch, time, hidden]</returns>
    public Tensor Forward(Tensor ids, (KeyValueCache Cache, Tensor Slots)? cache = null)
    {
        var time = ids.shape[1];
        var (cos, sin) = _rotary.Upto(time);
        using var scope = torch.NewDisposeScope();
        var mask = torch.full([time, time], double.NegativeInfinity, ScalarType.Float32).triu(1);
        var x = torch.nn.functional.embedding(ids, _embedding);
        for (var i = 0; i < _layers.Length; i++)
        {
            var (q, k, v) = _layers[i].Project(x, cos.unsqueeze(0).unsqueeze(0), sin.unsqueeze(0).unsqueeze(0));
            if (cache is var (keyValues, slots))
                keyValues.Fill(i, slots, k, v);
            x = _layers[i].Finish(x, _layers[i].Attend(q, k, v, mask));
        }
        return RmsNorm(x, _finalNorm).MoveToOuterDisposeScope();
    }

    /// <summary>One decoding step: each slot reads one token at its own position, and its key and value join the cache.</summary>
    /// <param name="ids">Newest token of each slot, [slots].</param>
    /// <param name="positions">Its position, [slots].</param>
    /// <param name="longest">The largest of the positions.</param>
    /// <returns>Hidden states, [slots, hidden].</returns>
    public Tensor Decode(Tensor ids, Tensor positions, int longest, KeyValueCache cache)
    {
        using var scope = torch.NewDisposeScope();
        var (cos, sin) = _rotary.At(positions, longest);
        (cos, sin) = (cos.unsqueeze(1).unsqueeze(1), sin.unsqueeze(1).unsqueeze(1));
        var span = longest + 1L;
        var rows = cache.Rows(positions);
        // Positions after a slot's own hold another answer's leftovers or nothing.
        var mask = torch.arange(span, ScalarType.Int64).unsqueeze(0).gt(positions.unsqueeze(1)).unsqueeze(1).unsqueeze(1);
        var x = torch.nn.functional.embedding(ids, _embedding).unsqueeze(1);
        for (var i = 0; i < _layers.Length; i++)
        {
            var (q, k, v) = _layers[i].Project(x, cos, sin);
            var (keys, values) = cache.Append(i, rows, k, v, span);
            x = _layers[i].Finish(x, _layers[i].Attend(q, keys, values, mask));
        }
        return RmsNorm(x, _finalNorm).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of hidden states, [rows, hidden] → [rows, vocab], fp32.</summary>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = torch.NewDisposeScope();
        return torch.nn.functional.linear(hidden, _head).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _rotary.Dispose();
        Parameters.Dispose();
    }

    /// <summary>x / √(mean(x²) + ε) · w over the last axis: normalised in fp32, cast back, then scaled.</summary>
    private Tensor RmsNorm(Tensor x, Tensor weight) => Normalise(x, weight, Config.RmsNormEps);

    private static Tensor Normalise(Tensor x, Tensor weight, double epsilon)
    {
        var wide = x.to(ScalarType.Float32);
        return (wide * (wide * wide).mean([-1L], true).add(epsilon).rsqrt()).to(x.dtype) * weight;
    }

    /// <summary>The checkpoint's tensors in their order, stacked as the forward wants them.</summary>
    private static List<Leaf> Leaves(ModelConfig config)
    {
        var shapes = config.ExpectedTensors().ToDictionary(t => t.Name, t => t.Shape.ToArray());
        var leaves = new List<Leaf>();
        Add("embedding", "model.embed_tokens");
        for (var i = 0; i < config.Layers; i++)
        {
            var layer = $"model.layers.{i}.";
            Add($"{i}.attention_norm", layer + "input_layernorm");
            Add($"{i}.qkv", layer + "self_attn.q_proj", layer + "self_attn.k_proj", layer + "self_attn.v_proj");
            Add($"{i}.output", layer + "self_attn.o_proj");
            Add($"{i}.mlp_norm", layer + "post_attention_layernorm");
            Add($"{i}.gate_up", layer + "mlp.gate_proj", layer + "mlp.up_proj");
            Add($"{i}.down", layer + "mlp.down_proj");
        }
        Add("norm", "model.norm");
        if (!config.TieWordEmbeddings)
            Add("head", "lm_head");
        return leaves;

        void Add(string leaf, params string[] parts) => leaves.Add(new Leaf(leaf, [.. parts.Select(part => (part + ".weight", shapes[part + ".weight"]))]));
    }

    /// <summary>One decoder layer: what happens before attention, attention, and what happens after.</summary>
    private sealed class Layer(FlatParameters parameters, ModelConfig config, int index)
    {
        private readonly Tensor
            _attentionNorm = parameters.Leaf($"{index}.attention_norm"), _qkv = parameters.Leaf($"{index}.qkv"), _output = parameters.Leaf($"{index}.output"),
            _mlpNorm = parameters.Leaf($"{index}.mlp_norm"), _gateUp = parameters.Leaf($"{index}.gate_up"), _down = parameters.Leaf($"{index}.down");
        private readonly long _heads = config.Heads, _keyHeads = config.KeyValueHeads, _headDim = config.HeadDim;

        /// <summary>x [batch, time, hidden] → q [batch, heads, time, d] and k, v [batch, kv_heads, time, d], q and k turned by their positions.</summary>
        public (Tensor Q, Tensor K, Tensor V) Project(Tensor x, Tensor cos, Tensor sin)
        {
            var split = torch.nn.functional.linear(Normalise(x, _attentionNorm, config.RmsNormEps), _qkv)
                .view([x.shape[0], x.shape[1], _heads + 2 * _keyHeads, _headDim]).transpose(1, 2);
            var turned = RotaryPositions.Rotate(split.narrow(1, 0, _heads + _keyHeads), cos, sin);
            return (turned.narrow(1, 0, _heads), turned.narrow(1, _heads, _keyHeads), split.narrow(1, _heads + _keyHeads, _keyHeads));
        }

        /// <summary>
        /// softmax(q·kᵀ/√d + mask)·v. The query heads that share a key head become more query rows of it, so keys and values are never repeated.
        /// </summary>
        /// <param name="mask">fp32, added, [time, span]; or bool, hides, [batch, 1, 1, span].</param>
        /// <returns>[batch, time, heads · d]</returns>
        public Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor mask)
        {
            long batch = q.shape[0], time = q.shape[2], span = k.shape[2], group = _heads / _keyHeads;
            var rows = (q * (1 / Math.Sqrt(_headDim))).reshape([batch * _keyHeads, group * time, _headDim]);
            var scores = rows.bmm(k.reshape([batch * _keyHeads, span, _headDim]).transpose(1, 2)).to(ScalarType.Float32);
            scores = mask.dtype == ScalarType.Bool
                ? scores.view([batch, _keyHeads, group * time, span]).masked_fill(mask, double.NegativeInfinity)
                : scores.view([batch, _heads, time, span]) + mask;
            var weights = scores.softmax(-1).to(q.dtype).view([batch * _keyHeads, group * time, span]);
            return weights.bmm(v.reshape([batch * _keyHeads, span, _headDim]))
                .view([batch, _heads, time, _headDim]).transpose(1, 2).reshape([batch, time, _heads * _headDim]);
        }

        /// <summary>The residual stream after attention's output and the SwiGLU block.</summary>
        public Tensor Finish(Tensor x, Tensor attended)
        {
            x = x + torch.nn.functional.linear(attended, _output);
            var gateUp = torch.nn.functional.linear(Normalise(x, _mlpNorm, config.RmsNormEps), _gateUp);
            Tensor gate = gateUp.narrow(-1, 0, config.IntermediateSize), up = gateUp.narrow(-1, config.IntermediateSize, config.IntermediateSize);
            return x + torch.nn.functional.linear(torch.nn.functional.silu(gate) * up, _down);
        }
    }
}
