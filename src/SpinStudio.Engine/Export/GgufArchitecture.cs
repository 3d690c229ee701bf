using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Export;

/// <summary>
/// A model as llama.cpp knows it: the architecture's name there, its settings and its tensors. What that architecture does not compute is refused by name, since a file without it would be another model.
/// </summary>
internal sealed class GgufArchitecture
{
    private const string Llama = "llama", Qwen2 = "qwen2", Qwen3 = "qwen3";

    private readonly ModelConfig _config;

    /// <exception cref="BadInputException">llama.cpp computes something else than this model does.</exception>
    public GgufArchitecture(ModelConfig config)
    {
        _config = config;
        Name = config.Architecture switch { ModelConfig.Qwen2 => Qwen2, ModelConfig.Qwen3 => Qwen3, _ => Llama };
        var problem = config switch
        {
            { MlpBias: true } when Name != Llama => "mlp_bias",
            { QueryKeyValueBias: true } or { OutputBias: true } when Name == Qwen3 => "attention_bias",
            { RopeScaling: RopeScaling.Llama3 } when Name != Llama => "rope_scaling 'llama3'",
            { RopeScaling: RopeScaling.Yarn yarn } when Name != Llama && !IsUsual(yarn) => "rope_scaling 'yarn' with beta_fast, beta_slow or truncate other than 32, 1 and true",
            _ => null,
        };
        if (problem is not null)
            throw new BadInputException($"{config.Architecture} with {problem} is not computed by llama.cpp's architecture '{Name}', so it is not written as GGUF");
    }

    /// <summary>As <c>general.architecture</c> names it.</summary>
    public string Name { get; }

    /// <summary>The rotary positions turn neighbours of a head, not its halves.</summary>
    private bool TurnsNeighbours => Name == Llama;

    /// <summary>llama.cpp has no name for the scaling, but takes a factor for each frequency: Llama 3.1's, and YaRN with other bounds than its own.</summary>
    private bool ScalesByTensor => _config.RopeScaling is RopeScaling.Llama3 || (_config.RopeScaling is RopeScaling.Yarn yarn && !IsUsual(yarn));

    /// <summary>Shape and constants.</summary>
    public void Write(GgufMetadata metadata)
    {
        metadata.Add($"{Name}.vocab_size", (uint)_config.VocabSize);
        // llama.cpp's architectures attend to everything, so beyond a sliding window it would be another model.
        metadata.Add($"{Name}.context_length", (uint)Math.Min(_config.MaxPositions, _config.SlidingWindow ?? int.MaxValue));
        metadata.Add($"{Name}.embedding_length", (uint)_config.HiddenSize);
        metadata.Add($"{Name}.block_count", (uint)_config.Layers);
        metadata.Add($"{Name}.feed_forward_length", (uint)_config.IntermediateSize);
        metadata.Add($"{Name}.attention.head_count", (uint)_config.Heads);
        metadata.Add($"{Name}.attention.head_count_kv", (uint)_config.KeyValueHeads);
        metadata.Add($"{Name}.attention.key_length", (uint)_config.HeadDim);
        metadata.Add($"{Name}.attention.value_length", (uint)_config.HeadDim);
        metadata.Add($"{Name}.attention.layer_norm_rms_epsilon", (float)_config.RmsNormEps);
        metadata.Add($"{Name}.rope.dimension_count", (uint)_config.HeadDim);
        metadata.Add($"{Name}.rope.freq_base", (float)_config.RopeTheta);
        WriteScaling(metadata);
    }

    /// <summary>Every tensor of the file, in its order.</summary>
    public IEnumerable<GgufTensor> Tensors(GgufType type)
    {
        yield return GgufTensor.Matrix(type, "token_embd.weight", "model.embed_tokens.weight", _config.VocabSize, _config.HiddenSize);
        if (ScalesByTensor)
            yield return new GgufTensor("rope_freqs.weight", GgufType.F32, 1, _config.HeadDim / 2, Make: FillRopeFactors);
        for (var i = 0; i < _config.Layers; i++)
            foreach (var tensor in LayerTensors(type, $"blk.{i}.", $"model.layers.{i}."))
                yield return tensor;
        yield return GgufTensor.Vector("output_norm.weight", "model.norm.weight", _config.HiddenSize);
        if (!_config.TieWordEmbeddings)
            yield return GgufTensor.Matrix(type, "output.weight", "lm_head.weight", _config.VocabSize, _config.HiddenSize);
    }

    /// <summary>With the bounds that llama.cpp computes with.</summary>
    private static bool IsUsual(RopeScaling.Yarn yarn) => yarn is { BetaFast: 32, BetaSlow: 1, IsTruncated: true };

    private IEnumerable<GgufTensor> LayerTensors(GgufType type, string to, string from)
    {
        int hidden = _config.HiddenSize, inner = _config.IntermediateSize, queries = _config.Heads * _config.HeadDim, keys = _config.KeyValueHeads * _config.HeadDim;
        var turned = TurnsNeighbours ? _config.HeadDim : 0;
        yield return GgufTensor.Vector(to + "attn_norm.weight", from + "input_layernorm.weight", hidden);
        if (_config.QueryKeyNorm)
        {
            yield return GgufTensor.Vector(to + "attn_q_norm.weight", from + "self_attn.q_norm.weight", _config.HeadDim);
            yield return GgufTensor.Vector(to + "attn_k_norm.weight", from + "self_attn.k_norm.weight", _config.HeadDim);
        }
        foreach (var tensor in Linear("attn_q", "self_attn.q_proj", queries, hidden, _config.QueryKeyValueBias, turned)
            .Concat(Linear("attn_k", "self_attn.k_proj", keys, hidden, _config.QueryKeyValueBias, turned))
            .Concat(Linear("attn_v", "self_attn.v_proj", keys, hidden, _config.QueryKeyValueBias))
            .Concat(Linear("attn_output", "self_attn.o_proj", hidden, queries, _config.OutputBias)))
            yield return tensor;
        yield return GgufTensor.Vector(to + "ffn_norm.weight", from + "post_attention_layernorm.weight", hidden);
        foreach (var tensor in Linear("ffn_gate", "mlp.gate_proj", inner, hidden, _config.MlpBias)
            .Concat(Linear("ffn_up", "mlp.up_proj", inner, hidden, _config.MlpBias))
            .Concat(Linear("ffn_down", "mlp.down_proj", hidden, inner, _config.MlpBias)))
            yield return tensor;

        IEnumerable<GgufTensor> Linear(string name, string source, int rows, int columns, bool hasBias, int headDim = 0)
        {
            yield return GgufTensor.Matrix(type, $"{to}{name}.weight", $"{from}{source}.weight", rows, columns, headDim);
            if (hasBias)
                yield return GgufTensor.Vector($"{to}{name}.bias", $"{from}{source}.bias", rows, headDim);
        }
    }

    private void WriteScaling(GgufMetadata metadata)
    {
        var prefix = $"{Name}.rope.scaling.";
        switch (_config.RopeScaling)
        {
            case RopeScaling.Linear linear:
                metadata.Add(prefix + "type", "linear");
                metadata.Add(prefix + "factor", (float)linear.Factor);
                break;
            case RopeScaling.Yarn yarn when ScalesByTensor:
                metadata.Add(prefix + "attn_factor", (float)yarn.AttentionFactor);
                break;
            case RopeScaling.Yarn yarn:
                metadata.Add(prefix + "type", "yarn");
                metadata.Add(prefix + "factor", (float)yarn.Factor);
                metadata.Add(prefix + "original_context_length", (uint)yarn.OriginalMaxPositions);
                // llama.cpp multiplies by the paper's factor by itself; this is what is left to multiply by.
                metadata.Add(prefix + "attn_factor", (float)(yarn.AttentionFactor / (0.1 * Math.Log(yarn.Factor) + 1)));
                break;
            default:
                // A dynamic scaling changes nothing within the context that is written.
                break;
        }
    }

    /// <summary>What each rotary frequency is divided by.</summary>
    private void FillRopeFactors(float[] factors)
    {
        var frequencies = RotaryPositions.Frequencies(_config);
        for (var i = 0; i < factors.Length; i++)
            factors[i] = (float)(Math.Pow(_config.RopeTheta, -2.0 * i / _config.HeadDim) / frequencies[i]);
    }
}
