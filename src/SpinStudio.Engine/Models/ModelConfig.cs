namespace SpinStudio.Engine.Models;

/// <summary>Shape and constants of a Llama-family decoder: the content of a Hugging Face <c>config.json</c>.</summary>
public sealed record ModelConfig
{
    public const string Llama = "LlamaForCausalLM", Mistral = "MistralForCausalLM", Qwen2 = "Qwen2ForCausalLM", Qwen3 = "Qwen3ForCausalLM";

    /// <summary>Architectures that the engine runs: one decoder, whose differences are settings of this record.</summary>
    public static IReadOnlyList<string> SupportedArchitectures { get; } = [Llama, Mistral, Qwen2, Qwen3];

    public string Architecture { get; init; } = Llama;

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

    /// <summary>The projections to queries, keys and values have biases (Qwen 2).</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>The projection out of the attention has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>The three projections of the feed-forward part have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Queries and keys are normalised, head by head, before they are rotated (Qwen 3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Tokens that a token sees, itself included, in layers from <see cref="FirstSlidingLayer"/> on; null: all before it.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Layers before this one see everything.</summary>
    public int FirstSlidingLayer { get; init; }

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
            foreach (var part in Linear("self_attn.q_proj", queries, hidden, QueryKeyValueBias).Concat(Linear("self_attn.k_proj", keys, hidden, QueryKeyValueBias))
                .Concat(Linear("self_attn.v_proj", keys, hidden, QueryKeyValueBias)).Concat(Linear("self_attn.o_proj", hidden, queries, OutputBias)))
                yield return (layer + part.Name, part.Shape);
            if (QueryKeyNorm)
            {
                yield return (layer + "self_attn.q_norm.weight", [HeadDim]);
                yield return (layer + "self_attn.k_norm.weight", [HeadDim]);
            }
            yield return (layer + "post_attention_layernorm.weight", [hidden]);
            foreach (var part in Linear("mlp.gate_proj", IntermediateSize, hidden, MlpBias).Concat(Linear("mlp.up_proj", IntermediateSize, hidden, MlpBias))
                .Concat(Linear("mlp.down_proj", hidden, IntermediateSize, MlpBias)))
                yield return (layer + part.Name, part.Shape);
        }
        yield return ("model.norm.weight", [hidden]);
        if (!TieWordEmbeddings)
            yield return ("lm_head.weight", [VocabSize, hidden]);
    }

    /// <summary>Trainable numbers in a model of this shape.</summary>
    public long ParameterCount => ExpectedTensors().Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => checked(product * size)));

    /// <summary>What a layer's attention sees: see <see cref="SlidingWindow"/>.</summary>
    public int? WindowOf(int layer) => layer >= FirstSlidingLayer ? SlidingWindow : null;

    private static IEnumerable<(string Name, IReadOnlyList<long> Shape)> Linear(string name, long rows, long columns, bool hasBias)
    {
        yield return (name + ".weight", [rows, columns]);
        if (hasBias)
            yield return (name + ".bias", [rows]);
    }
}
