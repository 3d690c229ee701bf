using System.Text;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>
/// Writes a model as GGUF (version 3), the format of llama.cpp and what builds on it: architecture llama, tokenizer and chat template included. A stream is enough: nothing is written twice, and
/// no more than one row of weights is in memory.
/// </summary>
public sealed class GgufWriter
{
    private const uint Version = 3;
    private const int Alignment = 32;

    private readonly ModelFolder _model;
    private readonly GgufType _type;
    private readonly List<Tensor> _tensors;
    private readonly byte[] _head;

    private GgufWriter(string folder, GgufType type, string name, ConversationEncoder encoder)
    {
        _model = ModelFolder.Open(folder);
        _type = type;
        CheckArchitecture(_model.Config);
        _tensors = [.. Tensors(type)];
        CheckComplete();
        using var metadata = Metadata(encoder, name);
        _head = Head(metadata);
        Length = _head.Length + _tensors.Sum(tensor => Padded(tensor.Bytes));
    }

    /// <summary>Bytes of the file that will be written.</summary>
    public long Length { get; }

    /// <summary>Reads what there is to write, apart from the weights.</summary>
    /// <param name="name">The model's name, for people.</param>
    /// <exception cref="BadInputException">The folder is no sound model, or has a part that GGUF or llama.cpp does not know.</exception>
    public static GgufWriter Open(string folder, GgufType type, string name) => Open(folder, type, name, ConversationEncoder.Load(folder));

    /// <inheritdoc cref="Open(string, GgufType, string)"/>
    /// <param name="encoder">The folder's, when it is loaded already.</param>
    public static GgufWriter Open(string folder, GgufType type, string name, ConversationEncoder encoder) => new(folder, type, name, encoder);

    /// <summary>Bytes of the file if it were of another type.</summary>
    public long LengthAs(GgufType type) => _head.Length + Tensors(type).Sum(tensor => Padded(tensor.Bytes));

    /// <summary>Writes the file.</summary>
    /// <param name="tell">Called with bytes written, off and on.</param>
    public async Task WriteAsync(Stream stream, Action<long>? tell = null, CancellationToken cancellation = default)
    {
        await stream.WriteAsync(_head, cancellation);
        long written = _head.Length;
        using var weights = _model.OpenWeights();
        foreach (var tensor in _tensors)
        {
            foreach (var chunk in Chunks(tensor, weights))
            {
                await stream.WriteAsync(chunk, cancellation);
                written += chunk.Length;
                tell?.Invoke(written);
            }
        }
    }

    /// <summary>Rows together, about a megabyte at a time; the last chunk ends with the padding.</summary>
    private static IEnumerable<byte[]> Chunks(Tensor tensor, ModelWeights weights)
    {
        const int Target = 1 << 20;
        var rowBytes = (int)GgufTypes.Bytes(tensor.Type, tensor.Columns);
        var together = Math.Max(1, Target / Math.Max(1, rowBytes));
        for (long row = 0; row < tensor.Rows; row += together)
        {
            var count = (int)Math.Min(together, tensor.Rows - row);
            var end = row + count == tensor.Rows;
            var chunk = new byte[checked((int)((long)count * rowBytes + (end ? Padded(tensor.Bytes) - tensor.Bytes : 0)))];
            for (var i = 0; i < count; i++)
                tensor.WriteRow(weights, row + i, chunk.AsSpan(i * rowBytes, rowBytes));
            yield return chunk;
        }
    }

    private static void CheckArchitecture(ModelConfig config)
    {
        if (config.Architecture is not ("LlamaForCausalLM" or "MistralForCausalLM"))
            throw new BadInputException($"architecture {config.Architecture} is not written as GGUF; LlamaForCausalLM and MistralForCausalLM are");
        if (config.QueryKeyValueBias || config.OutputBias || config.MlpBias)
            throw new BadInputException("a model with biases is not written as GGUF");
    }

    /// <summary>A weight that were left out would make another model of it.</summary>
    private void CheckComplete()
    {
        var written = _tensors.Select(tensor => tensor.Source).ToHashSet(StringComparer.Ordinal);
        if (_model.Config.ExpectedTensors().FirstOrDefault(expected => !written.Contains(expected.Name)) is { Name: { } missing })
            throw new BadInputException($"tensor {missing} has no place in GGUF's llama architecture, so this model is not written");
    }

    private IEnumerable<Tensor> Tensors(GgufType type)
    {
        var config = _model.Config;
        yield return Matrix(type, "token_embd.weight", "model.embed_tokens.weight", config.VocabSize, config.HiddenSize);
        if (config.RopeScaling is RopeScaling.Llama3 scaling)
            yield return new Tensor("rope_freqs.weight", GgufType.F32, 1, config.HeadDim / 2, values => RopeFactors(config, scaling).CopyTo(values));
        for (var i = 0; i < config.Layers; i++)
        {
            string from = $"model.layers.{i}.", to = $"blk.{i}.";
            int queries = config.Heads * config.HeadDim, keys = config.KeyValueHeads * config.HeadDim;
            yield return Vector(to + "attn_norm.weight", from + "input_layernorm.weight", config.HiddenSize);
            yield return Matrix(type, to + "attn_q.weight", from + "self_attn.q_proj.weight", queries, config.HiddenSize, config.HeadDim);
            yield return Matrix(type, to + "attn_k.weight", from + "self_attn.k_proj.weight", keys, config.HiddenSize, config.HeadDim);
            yield return Matrix(type, to + "attn_v.weight", from + "self_attn.v_proj.weight", keys, config.HiddenSize);
            yield return Matrix(type, to + "attn_output.weight", from + "self_attn.o_proj.weight", config.HiddenSize, queries);
            yield return Vector(to + "ffn_norm.weight", from + "post_attention_layernorm.weight", config.HiddenSize);
            yield return Matrix(type, to + "ffn_gate.weight", from + "mlp.gate_proj.weight", config.IntermediateSize, config.HiddenSize);
            yield return Matrix(type, to + "ffn_up.weight", from + "mlp.up_proj.weight", config.IntermediateSize, config.HiddenSize);
            yield return Matrix(type, to + "ffn_down.weight", from + "mlp.down_proj.weight", config.HiddenSize, config.IntermediateSize);
        }
        yield return Vector("output_norm.weight", "model.norm.weight", config.HiddenSize);
        if (!config.TieWordEmbeddings)
            yield return Matrix(type, "output.weight", "lm_head.weight", config.VocabSize, config.HiddenSize);
    }

    private static Tensor Vector(string name, string source, int length) => new(name, GgufType.F32, 1, length, Source: source);

    /// <param name="headDim">Above 0: a projection whose output is turned by position. There Hugging Face pairs the halves of a head, llama.cpp its neighbours, so its rows are put in another order.</param>
    private static Tensor Matrix(GgufType type, string name, string source, int rows, int columns, int headDim = 0) =>
        new(name, type == GgufType.Q80 && columns % GgufTypes.BlockLength != 0 ? GgufType.F16 : type, rows, columns, Source: source, HeadDim: headDim, IsMatrix: true);

    /// <summary>What each rotary frequency is divided by (Llama 3.1): the factor below the low frequency, 1 above the high one, blended between.</summary>
    private static float[] RopeFactors(ModelConfig config, RopeScaling.Llama3 scaling)
    {
        var factors = new float[config.HeadDim / 2];
        for (var i = 0; i < factors.Length; i++)
        {
            var wavelength = 2 * Math.PI * Math.Pow(config.RopeTheta, 2.0 * i / config.HeadDim);
            double longest = scaling.OriginalMaxPositions / scaling.LowFrequencyFactor, shortest = scaling.OriginalMaxPositions / scaling.HighFrequencyFactor;
            var smooth = (scaling.OriginalMaxPositions / wavelength - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
            factors[i] = (float)(wavelength < shortest ? 1 : wavelength > longest ? scaling.Factor : 1 / ((1 - smooth) / scaling.Factor + smooth));
        }
        return factors;
    }

    private GgufMetadata Metadata(ConversationEncoder encoder, string name)
    {
        var config = _model.Config;
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("general.name", name);
        metadata.Add("general.file_type", GgufTypes.FileNumber(_type));
        metadata.Add("general.alignment", (uint)Alignment);
        metadata.Add("llama.vocab_size", (uint)config.VocabSize);
        // llama.cpp's llama attends to everything, so beyond a sliding window it would be another model.
        metadata.Add("llama.context_length", (uint)Math.Min(config.MaxPositions, config.SlidingWindow ?? int.MaxValue));
        metadata.Add("llama.embedding_length", (uint)config.HiddenSize);
        metadata.Add("llama.block_count", (uint)config.Layers);
        metadata.Add("llama.feed_forward_length", (uint)config.IntermediateSize);
        metadata.Add("llama.attention.head_count", (uint)config.Heads);
        metadata.Add("llama.attention.head_count_kv", (uint)config.KeyValueHeads);
        metadata.Add("llama.attention.key_length", (uint)config.HeadDim);
        metadata.Add("llama.attention.value_length", (uint)config.HeadDim);
        metadata.Add("llama.attention.layer_norm_rms_epsilon", (float)config.RmsNormEps);
        metadata.Add("llama.rope.dimension_count", (uint)config.HeadDim);
        metadata.Add("llama.rope.freq_base", (float)config.RopeTheta);
        if (config.RopeScaling is RopeScaling.Linear linear)
        {
            metadata.Add("llama.rope.scaling.type", "linear");
            metadata.Add("llama.rope.scaling.factor", (float)linear.Factor);
        }
        else if (config.RopeScaling is not (null or RopeScaling.Llama3))
        {
            throw new BadInputException($"rope scaling {config.RopeScaling.GetType().Name} is not written as GGUF; linear and llama3 are");
        }
        GgufTokenizer.Write(metadata, _model.Path, encoder, config);
        return metadata;
    }

    private byte[] Head(GgufMetadata metadata)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write(metadata.Count);
        writer.Write(metadata.ToArray());
        long offset = 0;
        foreach (var tensor in _tensors)
        {
            GgufMetadata.WriteText(writer, tensor.Name);
            // The innermost dimension first.
            writer.Write(tensor.IsMatrix ? 2u : 1u);
            writer.Write((ulong)tensor.Columns);
            if (tensor.IsMatrix)
                writer.Write((ulong)tensor.Rows);
            writer.Write(GgufTypes.TensorNumber(tensor.Type));
            writer.Write((ulong)offset);
            offset += Padded(tensor.Bytes);
        }
        writer.Write(new byte[Padded(bytes.Length) - bytes.Length]);
        return bytes.ToArray();
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <param name="Make">Fills the one row of a tensor that is not in the checkpoint.</param>
    private sealed record Tensor(string Name, GgufType Type, long Rows, int Columns, Action<float[]>? Make = null, string? Source = null, int HeadDim = 0, bool IsMatrix = false)
    {
        public long Bytes => GgufTypes.Bytes(Type, Rows * Columns);

        public void WriteRow(ModelWeights weights, long row, Span<byte> destination)
        {
            var values = new float[Columns];
            if (Make is not null)
                Make(values);
            else
                Read(weights, SourceRow(row), values);
            GgufEncoder.Write(values, Type, destination, Name);
        }

        /// <summary>Row 2i + j of a head is row j·(size/2) + i of the checkpoint's.</summary>
        private long SourceRow(long row)
        {
            if (HeadDim == 0)
                return row;
            var (head, within) = (row / HeadDim, row % HeadDim);
            return head * HeadDim + within % 2 * (HeadDim / 2) + within / 2;
        }

        private unsafe void Read(ModelWeights weights, long row, float[] values)
        {
            var info = weights.Find(Source!)!;
            var bytes = TensorInfo.BytesPerElement(info.Dtype) * Columns;
            GgufEncoder.Read(new ReadOnlySpan<byte>((void*)(weights.Pointer(Source!) + (nint)(row * bytes)), bytes), info.Dtype, values);
        }
    }
}
