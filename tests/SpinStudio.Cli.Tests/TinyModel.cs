using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Cli.Tests;

/// <summary>Writes the smallest of Llama models by hand, byte by byte, so that nothing of the engine vouches for itself.</summary>
internal static class TinyModel
{
    private const int Vocab = 16, Hidden = 8, Inner = 12;

    /// <summary>Embedding, one layer, final norm; the head is tied.</summary>
    public const long Parameters = Vocab * Hidden + Hidden + 4 * Hidden * Hidden + Hidden + 3 * Hidden * Inner + Hidden;

    public static void Write(string folder, string architecture = "LlamaForCausalLM", string? wrongShape = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = "llama",
            ["vocab_size"] = Vocab,
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Inner,
            ["num_hidden_layers"] = 1,
            ["num_attention_heads"] = 2,
            ["num_key_value_heads"] = 2,
            ["rms_norm_eps"] = 1e-6,
            ["max_position_embeddings"] = 64,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = true,
            ["eos_token_id"] = 1,
        }.ToJsonString());

        (string Name, int[] Shape)[] tensors =
        [
            ("model.embed_tokens.weight", [Vocab, Hidden]),
            ("model.layers.0.input_layernorm.weight", [Hidden]),
            ("model.layers.0.self_attn.q_proj.weight", [Hidden, Hidden]),
            ("model.layers.0.self_attn.k_proj.weight", [Hidden, Hidden]),
            ("model.layers.0.self_attn.v_proj.weight", [Hidden, Hidden]),
            ("model.layers.0.self_attn.o_proj.weight", [Hidden, Hidden]),
            ("model.layers.0.post_attention_layernorm.weight", [Hidden]),
            ("model.layers.0.mlp.gate_proj.weight", [Inner, Hidden]),
            ("model.layers.0.mlp.up_proj.weight", [Inner, Hidden]),
            ("model.layers.0.mlp.down_proj.weight", [Hidden, Inner]),
            ("model.norm.weight", [Hidden]),
        ];
        var header = new JsonObject();
        var offset = 0;
        foreach (var (name, shape) in tensors)
        {
            int[] written = name == wrongShape ? [.. shape.Reverse()] : shape;
            var bytes = 4 * shape.Aggregate(1, (product, size) => product * size);
            header[name] = new JsonObject { ["dtype"] = "F32", ["shape"] = JsonSerializer.SerializeToNode(written), ["data_offsets"] = new JsonArray(offset, offset += bytes) };
        }

        var text = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        var file = new byte[8 + text.Length + offset];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), file);
    }
}
