using System.Security.Cryptography;

namespace SpinStudio.Engine.Models;

/// <summary>
/// Writes a safetensors file as a stream: the header first, then each tensor's bytes in the order given. The same tensors give the same bytes.
/// The file appears under its name whole, on <see cref="Complete"/>, or not at all.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly IReadOnlyList<TensorInfo> _tensors;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileStream? _stream;
    private int _current;
    private long _writtenOfCurrent;

    /// <param name="path">Final name; its folder must exist.</param>
    /// <param name="tensors">Everything that will be written, in order.</param>
    /// <param name="metadata">Strings for <c>__metadata__</c>; written sorted by key.</param>
    /// <exception cref="ArgumentException">A name occurs twice or a dtype is unknown.</exception>
    public SafetensorsWriter(string path, IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        if (tensors.FirstOrDefault(tensor => TensorInfo.BytesPerElement(tensor.Dtype) == 0) is { } unknown)
            throw new ArgumentException($"unknown dtype in {unknown}", nameof(tensors));
        if (tensors.GroupBy(tensor => tensor.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"tensor '{twice.Key}' occurs twice", nameof(tensors));
        _path = path;
        _partial = path + ".partial";
        _tensors = tensors;
        _stream = new FileStream(_partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        Append(SafetensorsHeader.Format(tensors, metadata));
        SkipFinished();
    }

    /// <summary>Appends bytes of the current tensor (little-endian, row-major), whole or in parts.</summary>
    /// <param name="name">Must be the tensor whose turn it is, so that a mix-up cannot go unseen.</param>
    /// <exception cref="InvalidOperationException">Another tensor's turn, or more bytes than it has.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (_current == _tensors.Count || _tensors[_current].Name != name)
        {
            if (bytes.IsEmpty && _tensors.Any(tensor => tensor.Name == name && tensor.Bytes == 0))
                return;
            throw new InvalidOperationException($"tensor '{name}' is written out of turn; expected {(_current < _tensors.Count ? $"'{_tensors[_current].Name}'" : "no more")}");
        }
        if (bytes.Length > _tensors[_current].Bytes - _writtenOfCurrent)
            throw new InvalidOperationException($"more bytes than {_tensors[_current]} holds");
        Append(bytes);
        _writtenOfCurrent += bytes.Length;
        SkipFinished();
    }

    /// <summary>Flushes to disk and gives the file its name.</summary>
    /// <returns>SHA-256 of the file, in lower-case hex.</returns>
    /// <exception cref="InvalidOperationException">A tensor is not written yet.</exception>
    public string Complete()
    {
        var stream = _stream ?? throw new InvalidOperationException("already complete");
        if (_current < _tensors.Count)
            throw new InvalidOperationException($"tensor '{_tensors[_current].Name}' is not written");
        stream.Flush(flushToDisk: true);
        stream.Dispose();
        _stream = null;
        File.Move(_partial, _path, overwrite: true);
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>Without <see cref="Complete"/> before it: removes what was written.</summary>
    public void Dispose()
    {
        if (_stream is not null)
        {
            _stream.Dispose();
            _stream = null;
            File.Delete(_partial);
        }
        _hash.Dispose();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _stream!.Write(bytes);
        _hash.AppendData(bytes);
    }

    private void SkipFinished()
    {
        while (_current < _tensors.Count && _writtenOfCurrent == _tensors[_current].Bytes)
        {
            _current++;
            _writtenOfCurrent = 0;
        }
    }
}
