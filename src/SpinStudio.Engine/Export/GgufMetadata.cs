using System.Text;

namespace SpinStudio.Engine.Export;

/// <summary>The key-value part of a GGUF file (version 3), in the order in which it was filled.</summary>
internal sealed class GgufMetadata : IDisposable
{
    private const uint UInt32 = 4, Int32 = 5, Float32 = 6, Bool = 7, String = 8, Array = 9;

    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _writer;

    public GgufMetadata() => _writer = new BinaryWriter(_bytes, Encoding.UTF8);

    public ulong Count { get; private set; }

    public byte[] ToArray() => _bytes.ToArray();

    public void Add(string key, uint value)
    {
        Key(key, UInt32);
        _writer.Write(value);
    }

    public void Add(string key, float value)
    {
        Key(key, Float32);
        _writer.Write(value);
    }

    public void Add(string key, bool value)
    {
        Key(key, Bool);
        _writer.Write(value);
    }

    public void Add(string key, string value)
    {
        Key(key, String);
        WriteText(_writer, value);
    }

    public void Add(string key, IReadOnlyList<string> values)
    {
        Key(key, Array);
        _writer.Write(String);
        _writer.Write((ulong)values.Count);
        foreach (var value in values)
            WriteText(_writer, value);
    }

    public void Add(string key, IReadOnlyList<int> values)
    {
        Key(key, Array);
        _writer.Write(Int32);
        _writer.Write((ulong)values.Count);
        foreach (var value in values)
            _writer.Write(value);
    }

    public void Add(string key, IReadOnlyList<float> values)
    {
        Key(key, Array);
        _writer.Write(Float32);
        _writer.Write((ulong)values.Count);
        foreach (var value in values)
            _writer.Write(value);
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>Length in bytes, then UTF-8.</summary>
    public static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void Key(string key, uint type)
    {
        Count++;
        WriteText(_writer, key);
        _writer.Write(type);
    }
}
