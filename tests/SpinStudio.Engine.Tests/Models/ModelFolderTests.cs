using System.Text.Json.Nodes;
using SpinStudio.Engine.Models;
using Xunit;

namespace SpinStudio.Engine.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private static readonly ModelConfig Tiny = new()
    {
        VocabSize = 10,
        HiddenSize = 8,
        IntermediateSize = 12,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 2,
        EosTokenIds = [1],
        TieWordEmbeddings = true,
    };

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_sound_folder_is_described()
    {
        Write(Tiny);
        _folder.Write("generation_config.json", """{"eos_token_id": [1, 3]}""");
        var model = ModelFolder.Open(_folder.Path);
        // By hand: 10·8 embedding, per layer 8 + 64 + 32 + 32 + 64 + 8 + 3·96, final norm 8.
        Assert.Equal(80 + (2 * 496) + 8, model.ParameterCount);
        Assert.Equal(model.ParameterCount * 4, model.WeightBytes);
        Assert.Equal([1, 3], model.StopTokenIds);
        Assert.Equal(["F32"], model.Dtypes);
    }

    [Fact]
    public void A_wrong_shape_is_named_with_both_shapes()
    {
        Write(Tiny, tensor => tensor.Name == "model.layers.0.self_attn.q_proj.weight" ? tensor with { Shape = [4, 8] } : tensor);
        Refused("tensor model.layers.0.self_attn.q_proj.weight has shape [4, 8], config.json asks for [8, 8]");
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        Write(Tiny, tensor => tensor.Name == "model.norm.weight" ? null : tensor);
        Refused("1 tensors are missing that config.json asks for: model.norm.weight");
    }

    [Fact]
    public void An_unknown_tensor_is_named()
    {
        Write(Tiny, tensor => tensor, new TensorInfo("model.layers.0.self_attn.q_proj.bias", "F32", [8]));
        Refused("do not belong to a LlamaForCausalLM: model.layers.0.self_attn.q_proj.bias");
    }

    [Fact]
    public void A_tied_head_may_be_stored_twice_and_rotary_buffers_are_ignored()
    {
        Write(Tiny, tensor => tensor, new TensorInfo("lm_head.weight", "F32", [10, 8]), new TensorInfo("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", [1]));
        Assert.Equal(1080, ModelFolder.Open(_folder.Path).ParameterCount);
    }

    [Fact]
    public void Shards_are_read_through_their_index()
    {
        Write(Tiny with { TieWordEmbeddings = false });
        File.Move(_folder.In("model.safetensors"), _folder.In("model-00001-of-00001.safetensors"));
        _folder.Write(ModelWeights.IndexFile, """{"weight_map": {"lm_head.weight": "model-00001-of-00001.safetensors"}}""");
        Assert.Equal(["model-00001-of-00001.safetensors"], ModelFolder.Open(_folder.Path).WeightFiles);
    }

    [Theory]
    [InlineData(true, "truncated")]
    [InlineData(false, "model-00001-of-00001.safetensors")]
    public void A_torn_or_missing_shard_is_named(bool isThere, string expected)
    {
        Write(Tiny with { TieWordEmbeddings = false });
        _folder.Write(ModelWeights.IndexFile, """{"weight_map": {"lm_head.weight": "model-00001-of-00001.safetensors"}}""");
        if (isThere)
            _folder.Write("model-00001-of-00001.safetensors", File.ReadAllBytes(_folder.In("model.safetensors"))[..^64]);
        Refused(expected);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("model.bin")]
    public void An_index_cannot_reach_outside_the_folder(string name)
    {
        Write(Tiny);
        _folder.Write(ModelWeights.IndexFile, new JsonObject { ["weight_map"] = new JsonObject { ["a"] = name } }.ToJsonString());
        Refused("is not a plain name of a safetensors file");
    }

    [Fact]
    public void A_folder_with_a_pickle_is_refused()
    {
        Tiny.Save(_folder.In("config.json"));
        _folder.Write("pytorch_model.bin", "x");
        Refused("pytorch_model.bin is a pickle/zip checkpoint; only safetensors are read");
    }

    [Fact]
    public void A_copy_holds_the_model_and_leaves_scripts_behind()
    {
        Write(Tiny);
        _folder.Write("tokenizer.json", "{}");
        _folder.Write("modeling_evil.py", "import os");
        using var other = new TemporaryFolder();
        ModelFolder.Copy(_folder.Path, other.In("copy"));
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.EnumerateFiles(other.In("copy")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Throws<BadInputException>(() => ModelFolder.Copy(_folder.Path, other.In("copy")));
    }

    public static TheoryData<RopeScaling> Scalings =>
        [new RopeScaling.Linear(2.5), new RopeScaling.Dynamic(2), new RopeScaling.Llama3(8, 1, 4, 8192), new RopeScaling.Yarn(4, 32768, 1.1386294361119891), new RopeScaling.Yarn(2, 4096, 1, 16, 2, false)];

    [Theory, MemberData(nameof(Scalings))]
    public void A_config_is_saved_and_loaded_as_the_same(RopeScaling scaling)
    {
        var config = Tiny with
        {
            RopeScaling = scaling,
            EosTokenIds = [1, 2],
            BosTokenId = 0,
            RopeTheta = 500000,
            TorchDtype = "bfloat16",
        };
        config.Save(_folder.In("config.json"));
        var loaded = ModelConfig.Load(_folder.In("config.json"));
        Assert.Equal(config.EosTokenIds, loaded.EosTokenIds);
        Assert.Equal(config with { EosTokenIds = [] }, loaded with { EosTokenIds = [] });
    }

    [Theory]
    [InlineData("architectures", "[\"GPT2LMHeadModel\"]", "architecture 'GPT2LMHeadModel' is not supported; supported are LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM")]
    [InlineData("architectures", "[]", "architectures must hold one name")]
    [InlineData("rope_scaling", "{\"rope_type\": \"longrope\", \"factor\": 4}", "rope_scaling 'longrope' is not supported; supported are default, linear, dynamic, llama3, yarn")]
    [InlineData("rope_scaling", "{\"rope_type\": \"yarn\"}", "factor is missing")]
    [InlineData("rope_scaling", "{\"rope_type\": \"default\", \"partial_rotary_factor\": 0.5}", "partial_rotary_factor = 0.5 is not supported")]
    [InlineData("rope_scaling", "{\"type\": \"linear\"}", "factor is missing")]
    [InlineData("attention_bias", "true", "8 tensors are missing that config.json asks for: model.layers.0.self_attn.q_proj.bias")]
    [InlineData("attention_bias", "1", "attention_bias must be true or false (got 1)")]
    [InlineData("final_logit_softcapping", "30.0", "final_logit_softcapping = 30.0 is not supported; it changes what the model computes")]
    [InlineData("num_local_experts", "8", "num_local_experts = 8 is not supported")]
    [InlineData("no_rope_layers", "[1, 0]", "no_rope_layers = [1,0] is not supported")]
    [InlineData("pretraining_tp", "2", "pretraining_tp = 2 is not supported")]
    [InlineData("layer_types", "[\"full_attention\"]", "layer_types must list 2 layers (got 1)")]
    [InlineData("layer_types", "[\"full_attention\", \"chunked_attention\"]", "layer type 'chunked_attention' is not supported")]
    [InlineData("layer_types", "[\"sliding_attention\", \"full_attention\"]", "layer_types that alternate are not supported")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act 'gelu' is not supported")]
    [InlineData("hidden_size", "0", "hidden_size must be a whole number from 1")]
    [InlineData("hidden_size", "99999999999", "hidden_size must be a whole number from 1")]
    [InlineData("num_key_value_heads", "3", "num_attention_heads 4 is no multiple of num_key_value_heads 3")]
    [InlineData("head_dim", "3", "head_dim must be even")]
    [InlineData("quantization_config", "{}", "quantized weights cannot be trained")]
    [InlineData("eos_token_id", "10", "eos_token_id 10 is not below vocab_size 10")]
    [InlineData("eos_token_id", "\"</s>\"", "eos_token_id must be a token id or a list of them")]
    [InlineData("rms_norm_eps", "-1", "rms_norm_eps must be a number > 0 (got -1)")]
    public void A_variant_that_is_not_supported_is_named(string key, string value, string expected)
    {
        Write(Tiny);
        var json = JsonNode.Parse(File.ReadAllText(_folder.In("config.json")))!;
        json[key] = JsonNode.Parse(value);
        _folder.Write("config.json", json.ToJsonString());
        Refused(expected);
    }

    [Fact]
    public void Newer_rope_parameters_and_a_missing_head_dim_are_read()
    {
        _folder.Write("config.json", """
            {"architectures": ["LlamaForCausalLM"], "vocab_size": 10, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
             "rope_parameters": {"rope_type": "linear", "rope_theta": 20000, "factor": 2}, "dtype": "bfloat16", "pad_token_id": -1}
            """);
        var config = ModelConfig.Load(_folder.In("config.json"));
        Assert.Equal((4, 2, 20000, "bfloat16", null), (config.HeadDim, config.KeyValueHeads, config.RopeTheta, config.TorchDtype, config.PadTokenId));
        Assert.Equal(new RopeScaling.Linear(2), config.RopeScaling);
    }

    /// <summary>What configs of published models say, cut to what matters here.</summary>
    [Theory]
    [InlineData("""{"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true, "num_key_value_heads": 3, "num_attention_heads": 9, "hidden_size": 576, "sliding_window": null}""", null, false, false)]
    [InlineData("""{"architectures": ["LlamaForCausalLM"], "sliding_window": 4096}""", null, false, false)]
    [InlineData("""{"architectures": ["MistralForCausalLM"], "sliding_window": 4096, "max_position_embeddings": 32768}""", 4096, false, false)]
    [InlineData("""{"architectures": ["MistralForCausalLM"], "sliding_window": null}""", null, false, false)]
    [InlineData("""{"architectures": ["MistralForCausalLM"]}""", 4096, false, false)]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": false, "sliding_window": 32768, "max_window_layers": 1}""", null, true, false)]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": true, "sliding_window": 128, "max_window_layers": 2}""", null, true, false)]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": true, "sliding_window": 128, "max_window_layers": 1}""", 128, true, false)]
    [InlineData("""{"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "head_dim": 128, "layer_types": ["full_attention", "full_attention"]}""", null, false, true)]
    public void Each_familys_config_is_read_and_saved_as_the_same(string json, int? lastWindow, bool hasBias, bool hasNorm)
    {
        var whole = JsonNode.Parse(json)!.AsObject();
        foreach (var (key, value) in new[] { ("vocab_size", 10), ("hidden_size", 8), ("intermediate_size", 12), ("num_hidden_layers", 2), ("num_attention_heads", 4) })
            whole.TryAdd(key, value);
        _folder.Write("config.json", whole.ToJsonString());
        var config = ModelConfig.Load(_folder.In("config.json"));
        Assert.Equal((lastWindow, hasBias, hasNorm, false), (config.WindowOf(1), config.QueryKeyValueBias, config.QueryKeyNorm, config.OutputBias));
        config.Save(_folder.In("again.json"));
        var again = ModelConfig.Load(_folder.In("again.json"));
        Assert.Equal(config with { EosTokenIds = [], FirstSlidingLayer = 0 }, again with { EosTokenIds = [], FirstSlidingLayer = 0 });
        Assert.Equal(config.WindowOf(0), again.WindowOf(0));
    }

    public void Dispose() => _folder.Dispose();

    private void Refused(string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => ModelFolder.Open(_folder.Path)).Message, StringComparison.Ordinal);

    private void Write(ModelConfig config, Func<TensorInfo, TensorInfo?>? change = null, params TensorInfo[] more)
    {
        config.Save(_folder.In("config.json"));
        TensorInfo[] tensors = [.. config.ExpectedTensors().Select(t => new TensorInfo(t.Name, "F32", t.Shape)).Select(change ?? (t => t)).OfType<TensorInfo>(), .. more];
        using var writer = new SafetensorsWriter(_folder.In("model.safetensors"), tensors);
        foreach (var tensor in tensors)
            writer.Write(tensor.Name, new byte[tensor.Bytes]);
        writer.Complete();
    }
}
