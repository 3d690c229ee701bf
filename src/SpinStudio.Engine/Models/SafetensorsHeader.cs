using System.Text;
using System.Text.Json;

namespace SpinStudio.Engine.Models;

/// <summary>
/// The JSON header of a safetensors file and every rule that it must keep: known dtypes, sizes that agree with shapes, data that is contiguous
/// without holes or overlaps and ends with the file, no name twice. Zero-dimensional and empty tensors are legal.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyList<(TensorInfo Info, long Offset)> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    public const int LengthBytes = 8;

    /// <summary>The limit of the format's own reader.</summary>
    public const long Longest = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const int MostDimensions = 32;

    /// <param name="json">The header's bytes, trailing blanks included.</param>
    /// <param name="dataBytes">Bytes that follow the header in the file.</param>
    /// <exception cref="BadInputException">A rule is broken; the message has no file name yet.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            return Read(document.RootElement, dataBytes);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new BadInputException($"header is not valid: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Header bytes, length prefix included, padded with blanks so that the data starts at a multiple of 8.</summary>
    public static byte[] Format(IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[LengthBytes]);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Runs.RunJson.Line.Encoder }))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    writer.WriteString(key, value);
                writer.WriteEndObject();
            }
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Dtype);
                WriteNumbers(writer, "shape", tensor.Shape);
                WriteNumbers(writer, "data_offsets", [offset, offset += tensor.Bytes]);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        while (buffer.Length % LengthBytes != 0)
            buffer.WriteByte((byte)' ');
        var header = buffer.ToArray();
        BitConverter.TryWriteBytes(header, (long)(header.Length - LengthBytes));
        return header;
    }

    private static SafetensorsHeader Read(JsonElement root, long dataBytes)
    {
        var tensors = new List<(TensorInfo Info, long Offset)>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root.ValueKind != JsonValueKind.Object)
            throw new BadInputException("header must be a JSON object");
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == MetadataKey)
                ReadMetadata(property.Value, metadata);
            else
                tensors.Add(ReadTensor(property.Name, property.Value));
        }
        CheckContiguous(tensors, dataBytes);
        return new SafetensorsHeader(tensors, metadata);
    }

    private static void ReadMetadata(JsonElement json, Dictionary<string, string> metadata)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"{MetadataKey} must be an object of strings");
        foreach (var entry in json.EnumerateObject())
        {
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw new BadInputException($"{MetadataKey} '{entry.Name}' must be a string");
        }
    }

    private static (TensorInfo Info, long Offset) ReadTensor(string name, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"entry of tensor '{name}' must be an object");
        var dtype = json.Get("dtype") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        var elementBytes = TensorInfo.BytesPerElement(dtype);
        if (elementBytes == 0)
            throw new BadInputException($"tensor '{name}' has unknown dtype '{dtype}'");
        var shape = Numbers(name, json, "shape");
        if (shape.Length > MostDimensions)
            throw new BadInputException($"tensor '{name}' has {shape.Length} dimensions; the limit is {MostDimensions}");
        var offsets = Numbers(name, json, "data_offsets");
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw new BadInputException($"tensor '{name}' must have two data_offsets in rising order");
        if (json.EnumerateObject().FirstOrDefault(p => p.Name is not ("dtype" or "shape" or "data_offsets")) is { Value.ValueKind: not JsonValueKind.Undefined } other)
            throw new BadInputException($"tensor '{name}' has an unknown key '{other.Name}'");

        var expected = SizeOf(name, shape, elementBytes);
        if (offsets[1] - offsets[0] != expected)
            throw new BadInputException($"tensor '{name}' of {dtype} {TensorInfo.ShapeText(shape)} needs {expected} bytes, but its data_offsets span {offsets[1] - offsets[0]}");
        return (new TensorInfo(name, dtype, shape), offsets[0]);
    }

    private static long[] Numbers(string tensor, JsonElement json, string key)
    {
        if (json.Get(key) is not { ValueKind: JsonValueKind.Array } array)
            throw new BadInputException($"tensor '{tensor}' has no {key}");
        return [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
            ? number
            : throw new BadInputException($"{key} of tensor '{tensor}' must hold whole numbers >= 0"))];
    }

    private static long SizeOf(string name, long[] shape, int elementBytes)
    {
        try
        {
            // Multiplied in this order so that [2^62, 4, 0] is caught, too: no partial product may overflow.
            return shape.Aggregate((long)elementBytes, (product, size) => checked(product * size));
        }
        catch (OverflowException e)
        {
            throw new BadInputException($"tensor '{name}' is too large: {TensorInfo.ShapeText(shape)}", e);
        }
    }

    private static void CheckContiguous(List<(TensorInfo Info, long Offset)> tensors, long dataBytes)
    {
        var end = 0L;
        foreach (var (info, offset) in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Info.Bytes))
        {
            if (offset != end)
                throw new BadInputException($"tensor '{info.Name}' starts at {offset}, but the data before it ends at {end}: {(offset < end ? "overlap" : "hole")}");
            end += info.Bytes;
        }
        if (end != dataBytes)
            throw new BadInputException($"tensors span {end} bytes, but the file holds {dataBytes} bytes of data: {(end > dataBytes ? "truncated" : "trailing bytes")}");
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string key, IReadOnlyList<long> numbers)
    {
        writer.WriteStartArray(key);
        foreach (var number in numbers)
            writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }
}
