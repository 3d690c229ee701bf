using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Models;

/// <summary>Between <c>config.json</c> and <see cref="ModelConfig"/>. A variant that would compute something else is refused by name, never ignored.</summary>
internal static class ModelConfigJson
{
    private const long LongestFile = 1 << 20;
    private const int LargestSize = 1 << 24;
    private const int MostLayers = 1024;

    public static ModelConfig Read(string path) => JsonFile.Read(path, LongestFile, Read);

    private static ModelConfig Read(JsonElement json)
    {
        var architecture = ReadArchitecture(json);
        RefuseVariants(json);
        int hidden = Size(json, "hidden_size"), heads = Size(json, "num_attention_heads");
        var keyValueHeads = json.Get("num_key_value_heads") is null ? heads : Size(json, "num_key_value_heads");
        var headDim = json.Get("head_dim") is null ? hidden / heads : Size(json, "head_dim");
        if (json.Get("head_dim") is null && hidden % heads != 0)
            throw new BadInputException($"hidden_size {hidden} is no multiple of num_attention_heads {heads}");
        if (heads % keyValueHeads != 0)
            throw new BadInputException($"num_attention_heads {heads} is no multiple of num_key_value_heads {keyValueHeads}");
        if (headDim % 2 != 0)
            throw new BadInputException($"head_dim must be even for rotary positions (got {headDim})");

        var window = SlidingWindowJson.Read(json, architecture);
        var rope = json.Get("rope_scaling") ?? json.Get("rope_parameters");
        var config = new ModelConfig
        {
            Architecture = architecture,
            VocabSize = Size(json, "vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = Size(json, "intermediate_size"),
            Layers = Size(json, "num_hidden_layers", MostLayers),
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadDim = headDim,
            RmsNormEps = Positive(json, "rms_norm_eps", 1e-6),
            RopeTheta = rope is { } parameters && parameters.Get("rope_theta") is not null ? Positive(parameters, "rope_theta", 0) : Positive(json, "rope_theta", 10_000),
            RopeScaling = rope is { } scaling ? ReadScaling(scaling, json) : null,
            QueryKeyValueBias = architecture == ModelConfig.Qwen2 || Flag(json, "attention_bias"),
            OutputBias = architecture != ModelConfig.Qwen2 && Flag(json, "attention_bias"),
            MlpBias = Flag(json, "mlp_bias"),
            QueryKeyNorm = architecture == ModelConfig.Qwen3,
            SlidingWindow = window?.Size,
            FirstSlidingLayer = window?.FirstLayer ?? 0,
            TieWordEmbeddings = Flag(json, "tie_word_embeddings"),
            MaxPositions = json.Get("max_position_embeddings") is null ? 2048 : Size(json, "max_position_embeddings", int.MaxValue),
            BosTokenId = TokenIds(json, "bos_token_id").Cast<int?>().FirstOrDefault(),
            EosTokenIds = TokenIds(json, "eos_token_id"),
            PadTokenId = TokenIds(json, "pad_token_id").Cast<int?>().FirstOrDefault(),
            TorchDtype = Text(json, "torch_dtype") ?? Text(json, "dtype") ?? "float32",
        };
        if (config.EosTokenIds.Any(id => id >= config.VocabSize))
            throw new BadInputException($"eos_token_id {config.EosTokenIds.Max()} is not below vocab_size {config.VocabSize}");
        return config;
    }

    public static void Write(ModelConfig config, string path)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(config.Architecture),
            ["model_type"] = config.Architecture[..^"ForCausalLM".Length].ToLowerInvariant(),
            ["vocab_size"] = config.VocabSize,
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KeyValueHeads,
            ["head_dim"] = config.HeadDim,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = config.RmsNormEps,
            ["rope_theta"] = config.RopeTheta,
            ["rope_scaling"] = WriteScaling(config.RopeScaling),
            ["max_position_embeddings"] = config.MaxPositions,
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["attention_bias"] = config.OutputBias,
            ["mlp_bias"] = config.MlpBias,
            ["attention_dropout"] = 0.0,
            ["bos_token_id"] = config.BosTokenId,
            ["eos_token_id"] = config.EosTokenIds.Count == 1 ? config.EosTokenIds[0] : new JsonArray([.. config.EosTokenIds.Select(id => JsonValue.Create(id))]),
            ["pad_token_id"] = config.PadTokenId,
            ["torch_dtype"] = config.TorchDtype,
        };
        SlidingWindowJson.Write(config, json);
        File.WriteAllText(path, json.ToJsonString(RunJson.Pretty) + "\n");
    }

    private static string ReadArchitecture(JsonElement json)
    {
        var supported = string.Join(", ", ModelConfig.SupportedArchitectures);
        if (json.Get("architectures") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != 1 || list[0].ValueKind != JsonValueKind.String)
            throw new BadInputException($"architectures must hold one name; supported are {supported}");
        var name = list[0].GetString()!;
        return ModelConfig.SupportedArchitectures.Contains(name) ? name : throw new BadInputException($"architecture '{name}' is not supported; supported are {supported}");
    }

    /// <summary>Keys by which published models change the arithmetic, with the value at which they do not.</summary>
    private static readonly (string Key, double Neutral)[] Variants =
    [
        ("pretraining_tp", 1), ("partial_rotary_factor", 1), ("rotary_pct", 1), ("attn_logit_softcapping", 0), ("final_logit_softcapping", 0), ("logit_scale", 1), ("logits_scaling", 1),
        ("embedding_multiplier", 1), ("residual_multiplier", 1), ("attention_multiplier", 0), ("query_pre_attn_scalar", 0), ("scale_emb", 1), ("scale_depth", 1), ("dim_model_base", 0), ("mup_width_multiplier", 1),
        ("clip_qkv", 0), ("attention_softcap", 0), ("num_local_experts", 0), ("num_experts", 0), ("moe_intermediate_size", 0), ("no_rope_layer_interval", 0), ("attention_chunk_size", 0), ("num_nextn_predict_layers", 0),
        ("qk_layernorm", 0), ("use_qk_norm", 0), ("alibi", 0), ("parallel_attn", 0), ("lm_head_bias", 0), ("qkv_bias", 0), ("use_parallel_residual", 0), ("mlp_only_layers", 0), ("no_rope_layers", 0), ("cross_layer_sharing", 0),
    ];

    private static void RefuseVariants(JsonElement json)
    {
        if (Text(json, "hidden_act") is { } activation and not ("silu" or "swish"))
            throw new BadInputException($"hidden_act '{activation}' is not supported; silu is");
        if (json.Get("quantization_config") is not null)
            throw new BadInputException("quantized weights cannot be trained; use the model's original fp32, bf16 or fp16 weights");
        foreach (var (key, neutral) in Variants)
        {
            if (json.Get(key) is { } value && !IsNeutral(value, neutral))
                throw new BadInputException($"{key} = {Shown(value)} is not supported; it changes what the model computes");
        }
    }

    private static bool IsNeutral(JsonElement value, double neutral) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Number => value.GetDouble() == neutral,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };

    private static RopeScaling? ReadScaling(JsonElement json, JsonElement config)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"rope_scaling must be an object, not {JsonFile.Name(json)}");
        var kind = Text(json, "rope_type") ?? Text(json, "type") ?? "default";
        if (json.Get("partial_rotary_factor") is { } partial && !IsNeutral(partial, 1))
            throw new BadInputException($"partial_rotary_factor = {Shown(partial)} is not supported; it changes what the model computes");
        return kind switch
        {
            "default" => null,
            "linear" => new RopeScaling.Linear(Positive(json, "factor", null)),
            "dynamic" => new RopeScaling.Dynamic(Positive(json, "factor", null)),
            "llama3" => ReadLlama3(json),
            "yarn" => ReadYarn(json, config),
            _ => throw new BadInputException($"rope_scaling '{kind}' is not supported; supported are {string.Join(", ", RopeScaling.Supported)}"),
        };
    }

    private static RopeScaling.Yarn ReadYarn(JsonElement json, JsonElement config)
    {
        var factor = Positive(json, "factor", null);
        var original = json.Get("original_max_position_embeddings") is not null ? Size(json, "original_max_position_embeddings", int.MaxValue)
            : Size(config, "max_position_embeddings", int.MaxValue);
        // The paper's 0.1 ln s + 1, or the ratio of two of them where a config weighs them.
        var attention = json.Get("attention_factor") is not null ? Positive(json, "attention_factor", null)
            : json.Get("mscale") is not null && json.Get("mscale_all_dim") is not null ? Mscale(Positive(json, "mscale", null)) / Mscale(Positive(json, "mscale_all_dim", null))
            : Mscale(1);
        return new RopeScaling.Yarn(
            factor, original, attention, Positive(json, "beta_fast", 32), Positive(json, "beta_slow", 1), json.Get("truncate") is null || Flag(json, "truncate"));

        double Mscale(double weight) => factor <= 1 ? 1 : (0.1 * weight * Math.Log(factor)) + 1;
    }

    private static RopeScaling.Llama3 ReadLlama3(JsonElement json)
    {
        var scaling = new RopeScaling.Llama3(
            Positive(json, "factor", null), Positive(json, "low_freq_factor", null), Positive(json, "high_freq_factor", null),
            Size(json, "original_max_position_embeddings", int.MaxValue));
        return scaling.HighFrequencyFactor > scaling.LowFrequencyFactor
            ? scaling
            : throw new BadInputException($"high_freq_factor {scaling.HighFrequencyFactor} must be greater than low_freq_factor {scaling.LowFrequencyFactor}");
    }

    private static JsonObject? WriteScaling(RopeScaling? scaling) => scaling switch
    {
        RopeScaling.Linear linear => new JsonObject { ["rope_type"] = "linear", ["factor"] = linear.Factor },
        RopeScaling.Dynamic dynamic => new JsonObject { ["rope_type"] = "dynamic", ["factor"] = dynamic.Factor },
        RopeScaling.Yarn yarn => new JsonObject
        {
            ["rope_type"] = "yarn",
            ["factor"] = yarn.Factor,
            ["original_max_position_embeddings"] = yarn.OriginalMaxPositions,
            ["attention_factor"] = yarn.AttentionFactor,
            ["beta_fast"] = yarn.BetaFast,
            ["beta_slow"] = yarn.BetaSlow,
            ["truncate"] = yarn.IsTruncated,
        },
        RopeScaling.Llama3 llama3 => new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = llama3.Factor,
            ["low_freq_factor"] = llama3.LowFrequencyFactor,
            ["high_freq_factor"] = llama3.HighFrequencyFactor,
            ["original_max_position_embeddings"] = llama3.OriginalMaxPositions,
        },
        _ => null,
    };

    internal static int Size(JsonElement json, string key, int most = LargestSize)
    {
        if (json.Get(key) is not { } value)
            throw new BadInputException($"{key} is missing");
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size) && size > 0 && size <= most
            ? size
            : throw new BadInputException($"{key} must be a whole number from 1 to {most} (got {Shown(value)})");
    }

    private static double Positive(JsonElement json, string key, double? missing)
    {
        if (json.Get(key) is not { } value)
            return missing ?? throw new BadInputException($"{key} is missing");
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is > 0 and < double.PositiveInfinity and var number
            ? number
            : throw new BadInputException($"{key} must be a number > 0 (got {Shown(value)})");
    }

    private static bool Flag(JsonElement json, string key) => json.Get(key) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw new BadInputException($"{key} must be true or false (got {Shown(value)})"),
    };

    private static string? Text(JsonElement json, string key) => json.Get(key) is { } value
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw new BadInputException($"{key} must be a string (got {Shown(value)})")
        : null;

    /// <summary>One id or a list of them. Negative ids stand for "none" in some published configs.</summary>
    public static IReadOnlyList<int> TokenIds(JsonElement json, string key)
    {
        if (json.Get(key) is not { } value)
            return [];
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items
            .Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) ? id : throw new BadInputException($"{key} must be a token id or a list of them (got {Shown(value)})"))
            .Where(id => id >= 0)];
    }

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length > 60 ? text[..60] + "…" : text;
    }
}
