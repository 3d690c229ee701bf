namespace SpinStudio.Engine.Models;

/// <summary>Shape and constants of a Llama-family decoder: the content of a Hugging Face <c>config.json</c>.</summary>
public sealed record ModelConfig
{
    /// <summary>Architectures that the engine runs. Mistral is Llama with another name as long as no sliding window cuts its attention.</summary>
    public static IReadOnlyList<string> SupportedArchitectures { get; } = ["LlamaForCausalLM", "MistralForCausalLM"];

    public string Architecture { get; init; } = "LlamaForCausalLM";

    public required int VocabSize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Size of a head; even. Usually <see cref="HiddenSize"/> / <see cref="Heads"/>, but not always.</summary>
    public required int HeadDim { get; init; }

    public double RmsNormEps { get; init; } = 1e-6;

    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Null: rotary positions as they are.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>The output head is the embedding matrix; there is no <c>lm_head.weight</c>.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Longest sequence that the model is made for, in tokens.</summary>
    public int MaxPositions { get; init; } = 2048;

    public int? BosTokenId { get; init; }

    /// <summary>Ids that end an answer; the first one is the one that training appends.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    public int? PadTokenId { get; init; }

    /// <summary>What the weights are stored as: float32, bfloat16 or float16.</summary>
    public string TorchDtype { get; init; } = "float32";

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="BadInputException">The file is missing or no JSON, the architecture or a variant of it is not supported, or sizes do not fit each other.</exception>
    public static ModelConfig Load(string path) => ModelConfigJson.Read(path);

    /// <summary>Writes a <c>config.json</c> that this engine and transformers read.</summary>
    public void Save(string path) => ModelConfigJson.Write(this, path);

    /// <summary>Name and shape of every weight that a model of this shape has, in the order in which they are saved.</summary>
    public IEnumerable<(string Name, IReadOnlyList<long> Shape)> ExpectedTensors()
    {
        long hidden = HiddenSize, queries = (long)Heads * HeadDim, keys = (long)KeyValueHeads * HeadDim;
        yield return ("model.embed_tokens.weight", [VocabSize, hidden]);
        for (var i = 0; i < Layers; i++)
        {
            var layer = $"model.layers.{i}.";
            yield return (layer + "input_layernorm.weight", [hidden]);
            yield return (layer + "self_attn.q_proj.weight", [queries, hidden]);
            yield return (layer + "self_attn.k_proj.weight", [keys, hidden]);
            yield return (layer + "self_attn.v_proj.weight", [keys, hidden]);
            yield return (layer + "self_attn.o_proj.weight", [hidden, queries]);
            yield return (layer + "post_attention_layernorm.weight", [hidden]);
            yield return (layer + "mlp.gate_proj.weight", [IntermediateSize, hidden]);
            yield return (layer + "mlp.up_proj.weight", [IntermediateSize, hidden]);
            yield return (layer + "mlp.down_proj.weight", [hidden, IntermediateSize]);
        }
        yield return ("model.norm.weight", [hidden]);
        if (!TieWordEmbeddings)
            yield return ("lm_head.weight", [VocabSize, hidden]);
    }

    /// <summary>Trainable numbers in a model of this shape.</summary>
    public long ParameterCount => ExpectedTensors().Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => checked(product * size)));
}
