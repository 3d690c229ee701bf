using SpinStudio.Engine.Runs;
using SpinStudio.Torch;
using F = SpinStudio.Torch.torch.nn.functional;

namespace SpinStudio.Engine.Models;

/// <summary>
/// A decoder of the Llama family: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied or separate head
/// (Touvron et al., arXiv 2302.13971; Ainslie et al., arXiv 2305.13245; Shazeer, arXiv 2002.05202). Mistral adds a sliding window (Jiang et al., arXiv 2310.06825),
/// Qwen 2 biases (arXiv 2407.10671), Qwen 3 norms of queries and keys (arXiv 2505.09388); the config says which of these a model has.
/// </summary>
/// <remarks>
/// Everything runs on tokens laid end to end, [tokens, hidden]; only attention knows which tokens belong together. So nothing is padded, and what a token
/// becomes does not depend on what stands beside its sequence. Norm statistics, softmax and rotary angles are fp32 in every precision.
/// </remarks>
public sealed class LlamaModel : IDisposable
{
    private readonly RotaryPositions _rotary;
    private readonly Layer[] _layers;
    private readonly Tensor _embedding, _norm, _head;
    private readonly List<CheckpointedLayers> _checkpointed = [];

    /// <summary>A model with zero weights, to be filled through <see cref="Parameters"/>.</summary>
    /// <param name="adapters">Low-rank adapters that stand beside the weights; null, or of rank 0: none.</param>
    public LlamaModel(ModelConfig config, ScalarType dtype, LoraConfig? adapters = null)
    {
        Config = config;
        var leaves = Leaves(config);
        Parameters = new FlatParameters(leaves, dtype);
        Adapters = adapters is { Rank: > 0 } ? new LowRankAdapters(leaves, adapters, dtype) : null;
        _rotary = new RotaryPositions(config);
        _embedding = Parameters.Leaf("embedding");
        _norm = Parameters.Leaf("norm");
        _head = config.TieWordEmbeddings ? Parameters.SecondUse("embedding") : Parameters.Leaf("head");
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new Layer(Parameters, Adapters, config, i))];
    }

    public ModelConfig Config { get; }

    public FlatParameters Parameters { get; }

    /// <summary>Low-rank adapters beside frozen <see cref="Parameters"/>; null: there are none.</summary>
    public LowRankAdapters? Adapters { get; }

    /// <summary>What training changes: the adapters or, without them, all weights.</summary>
    public FlatParameters Trained => Adapters?.Parameters ?? Parameters;

    /// <summary>
    /// A forward that records for gradients keeps of each layer its input alone, and <see cref="Backward"/> computes the layer again: less memory, a third more arithmetic, the same gradients.
    /// </summary>
    public bool GradientCheckpointing { get; set; }

    public ScalarType Dtype => Parameters.Weights.dtype;

    /// <summary>Hidden states before the head of whole sequences: [tokens, hidden].</summary>
    public Tensor Forward(PackedSequences sequences)
    {
        using var scope = torch.NewDisposeScope();
        long[] ids = [.. sequences.Ids], positions = [.. sequences.Positions], offsets = [.. sequences.Offsets], parents = [.. sequences.Parents];
        return Forward(torch.tensor(ids), torch.tensor(positions), (layer, q, k, v) => F.segment_attention(q, k, v, offsets, parents, window: Config.WindowOf(layer))).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Hidden states of tokens whose sequences stand in the slots of a cache: whole prompts from position 0, or the newest token of each slot, or both.
    /// Their keys and values join the cache. No gradient.
    /// </summary>
    /// <param name="ids">Token ids, [tokens].</param>
    /// <param name="positions">Of each token in its sequence, [tokens].</param>
    /// <param name="slots">Of each token in the cache, [tokens].</param>
    /// <returns>[tokens, hidden]</returns>
    public Tensor Forward(Tensor ids, Tensor positions, Tensor slots, KeyValueCache cache) =>
        Forward(ids, positions, (layer, q, k, v) => F.cached_attention(q, k, v, cache[layer].Keys, cache[layer].Values, slots, positions, window: Config.WindowOf(layer)));

    /// <summary>Logits of hidden states, [rows, hidden] → [rows, vocab], in the compute dtype.</summary>
    public Tensor Logits(Tensor hidden) => F.linear(hidden, _head);

    /// <summary>ln softmax(<see cref="Logits"/>)[target] of each row: fp32 [rows], without all logits at a time.</summary>
    public Tensor LogProbs(Tensor hidden, Tensor targets) => F.linear_log_prob(hidden, _head, targets);

    /// <summary>Adds the gradients of a scalar that was computed from this model's forwards to those of <see cref="Trained"/>, also through layers that were forgotten.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        for (var i = _checkpointed.Count - 1; i >= 0; i--)
            _checkpointed[i].Backward();
        ForgetCheckpoints();
    }

    public void Dispose()
    {
        ForgetCheckpoints();
        _rotary.Dispose();
        Adapters?.Dispose();
        Parameters.Dispose();
    }

    private void ForgetCheckpoints()
    {
        _checkpointed.ForEach(layers => layers.Dispose());
        _checkpointed.Clear();
    }

    /// <param name="attend">Attention of a layer: q [tokens, heads, d], k and v [tokens, kv_heads, d] → [tokens, heads, d].</param>
    private Tensor Forward(Tensor ids, Tensor positions, Func<int, Tensor, Tensor, Tensor, Tensor> attend)
    {
        using var scope = torch.NewDisposeScope();
        var checkpointing = GradientCheckpointing && torch.is_grad_enabled();
        if (checkpointing)
            positions = positions.detach().DetachFromDisposeScope(); // the way back needs them too
        Func<Tensor, Tensor>[] stages =
        [
            tokens => F.embedding(tokens, _embedding),
            .. _layers.Select((layer, i) => (Func<Tensor, Tensor>)(x => layer.Forward(x, q => F.rotary(q, _rotary.Cos, _rotary.Sin, positions), (q, k, v) => attend(i, q, k, v)))),
        ];
        if (checkpointing)
            _checkpointed.Add(new CheckpointedLayers(ids, stages, positions));
        var x = checkpointing ? _checkpointed[^1].Output : stages.Aggregate(ids, (x, stage) => stage(x));
        return F.rms_norm(x, _norm, Config.RmsNormEps).MoveToOuterDisposeScope();
    }

    /// <summary>The checkpoint's tensors in their order, stacked as the forward wants them.</summary>
    internal static List<Leaf> Leaves(ModelConfig config)
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
            Add($"{i}.query_norm", layer + "self_attn.q_norm");
            Add($"{i}.key_norm", layer + "self_attn.k_norm");
            Add($"{i}.mlp_norm", layer + "post_attention_layernorm");
            Add($"{i}.gate_up", layer + "mlp.gate_proj", layer + "mlp.up_proj");
            Add($"{i}.down", layer + "mlp.down_proj");
        }
        Add("norm", "model.norm");
        Add("head", "lm_head");
        return leaves;

        // What the config has no tensors for is left out.
        void Add(string leaf, params string[] parts)
        {
            AddAll(leaf, [.. parts.Select(part => part + ".weight")]);
            AddAll(leaf + ".bias", [.. parts.Select(part => part + ".bias")]);
        }

        void AddAll(string leaf, string[] names)
        {
            if (shapes.ContainsKey(names[0]))
                leaves.Add(new Leaf(leaf, [.. names.Select(name => (name, shapes[name]))]));
        }
    }

    /// <summary>One decoder layer.</summary>
    private sealed class Layer(FlatParameters parameters, LowRankAdapters? adapters, ModelConfig config, int index)
    {
        private readonly Projection
            _qkv = new($"{index}.qkv", parameters, adapters), _output = new($"{index}.output", parameters, adapters),
            _gateUp = new($"{index}.gate_up", parameters, adapters), _down = new($"{index}.down", parameters, adapters);

        private readonly Tensor _attentionNorm = parameters.Leaf($"{index}.attention_norm"), _mlpNorm = parameters.Leaf($"{index}.mlp_norm");

        private readonly Tensor? _queryNorm = parameters.Find($"{index}.query_norm"), _keyNorm = parameters.Find($"{index}.key_norm");

        /// <param name="x">[tokens, hidden]</param>
        public Tensor Forward(Tensor x, Func<Tensor, Tensor> rotate, Func<Tensor, Tensor, Tensor, Tensor> attend)
        {
            using var scope = torch.NewDisposeScope();
            x = x + Attention(F.rms_norm(x, _attentionNorm, config.RmsNormEps), rotate, attend);
            return (x + FeedForward(F.rms_norm(x, _mlpNorm, config.RmsNormEps))).MoveToOuterDisposeScope();
        }

        private Tensor Attention(Tensor x, Func<Tensor, Tensor> rotate, Func<Tensor, Tensor, Tensor, Tensor> attend)
        {
            long heads = config.Heads, keyHeads = config.KeyValueHeads;
            var qkv = _qkv.Forward(x).view(-1, heads + 2 * keyHeads, config.HeadDim);
            var turned = rotate(_queryNorm is null || _keyNorm is null
                ? qkv.narrow(1, 0, heads + keyHeads)
                : torch.cat([F.rms_norm(qkv.narrow(1, 0, heads), _queryNorm, config.RmsNormEps), F.rms_norm(qkv.narrow(1, heads, keyHeads), _keyNorm, config.RmsNormEps)], 1));
            var attended = attend(turned.narrow(1, 0, heads), turned.narrow(1, heads, keyHeads), qkv.narrow(1, heads + keyHeads, keyHeads));
            return _output.Forward(attended.reshape(-1, heads * config.HeadDim));
        }

        private Tensor FeedForward(Tensor x)
        {
            var gateUp = _gateUp.Forward(x);
            return _down.Forward(F.swiglu(gateUp.narrow(1, 0, config.IntermediateSize), gateUp.narrow(1, config.IntermediateSize, config.IntermediateSize)));
        }
    }
}
