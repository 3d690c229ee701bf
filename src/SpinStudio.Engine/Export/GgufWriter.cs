using System.Text;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>
/// Writes a model as GGUF (version 3), the format of llama.cpp and what builds on it, tokenizer and chat template included. A stream is enough: nothing is written twice, and
/// no more than about a megabyte of weights is in memory.
/// </summary>
public sealed class GgufWriter
{
    private const uint Version = 3;
    private const int Alignment = 32;

    private readonly ModelFolder _model;
    private readonly GgufArchitecture _architecture;
    private readonly List<GgufTensor> _tensors;
    private readonly byte[] _head;

    private GgufWriter(string folder, GgufType type, string name, ConversationEncoder encoder)
    {
        _model = ModelFolder.Open(folder);
        _architecture = new GgufArchitecture(_model.Config);
        _tensors = [.. _architecture.Tensors(type)];
        CheckComplete();
        using var metadata = Metadata(encoder, name, type);
        _head = Head(metadata);
        Length = _head.Length + _tensors.Sum(tensor => Padded(tensor.Bytes));
    }

    /// <summary>Bytes of the file that will be written.</summary>
    public long Length { get; }

    /// <summary>Reads what there is to write, apart from the weights.</summary>
    /// <param name="name">The model's name, for people.</param>
    /// <exception cref="BadInputException">The folder is no sound model, or has a part that GGUF or llama.cpp does not know; the message names it.</exception>
    public static GgufWriter Open(string folder, GgufType type, string name) => Open(folder, type, name, ConversationEncoder.Load(folder));

    /// <inheritdoc cref="Open(string, GgufType, string)"/>
    /// <param name="encoder">The folder's, when it is loaded already.</param>
    public static GgufWriter Open(string folder, GgufType type, string name, ConversationEncoder encoder) => new(folder, type, name, encoder);

    /// <summary>Bytes of the file if it were of another type.</summary>
    public long LengthAs(GgufType type) => _head.Length + _architecture.Tensors(type).Sum(tensor => Padded(tensor.Bytes));

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
    private static IEnumerable<byte[]> Chunks(GgufTensor tensor, ModelWeights weights)
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

    /// <summary>A weight that were left out would make another model of it.</summary>
    private void CheckComplete()
    {
        var written = _tensors.Select(tensor => tensor.Source).ToHashSet(StringComparer.Ordinal);
        if (_model.Config.ExpectedTensors().FirstOrDefault(expected => !written.Contains(expected.Name)) is { Name: { } missing })
            throw new BadInputException($"tensor {missing} has no place in llama.cpp's architecture '{_architecture.Name}', so this model is not written as GGUF");
    }

    private GgufMetadata Metadata(ConversationEncoder encoder, string name, GgufType type)
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", _architecture.Name);
        metadata.Add("general.name", name);
        metadata.Add("general.file_type", GgufTypes.FileNumber(type));
        metadata.Add("general.alignment", (uint)Alignment);
        _architecture.Write(metadata);
        GgufTokenizer.Write(metadata, _model.Path, encoder, _model.Config);
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
}
