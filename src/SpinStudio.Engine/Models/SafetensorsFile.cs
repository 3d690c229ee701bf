using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace SpinStudio.Engine.Models;

/// <summary>A safetensors file, mapped into memory and checked whole on opening: what is read later can not lie outside the file.</summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly byte* _data;
    private readonly Dictionary<string, (TensorInfo Info, long Offset)> _byName;
    private bool _disposed;

    private SafetensorsFile(string path, long length)
    {
        Path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
        try
        {
            var headerLength = BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(_start, SafetensorsHeader.LengthBytes));
            var header = new ReadOnlySpan<byte>(_start + SafetensorsHeader.LengthBytes, checked((int)headerLength)).ToArray();
            _data = _start + SafetensorsHeader.LengthBytes + headerLength;
            var parsed = SafetensorsHeader.Parse(header, length - SafetensorsHeader.LengthBytes - headerLength);
            Metadata = parsed.Metadata;
            Tensors = [.. parsed.Tensors.Select(tensor => tensor.Info)];
            _byName = parsed.Tensors.ToDictionary(tensor => tensor.Info.Name, StringComparer.Ordinal);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>In the order of the header.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="BadInputException">It is missing, no safetensors (a pickle, a zip, GGUF, a Git LFS pointer), or its header breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        var length = CheckStart(path);
        try
        {
            return new SafetensorsFile(path, length);
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The tensor's description, or null when the file has none of that name.</summary>
    public TensorInfo? Find(string name) => _byName.TryGetValue(name, out var tensor) ? tensor.Info : null;

    /// <summary>Address of the tensor's first byte; valid until this file is disposed. Not necessarily aligned to the element size.</summary>
    /// <exception cref="BadInputException">There is no such tensor.</exception>
    public nint Pointer(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _byName.TryGetValue(name, out var tensor) ? (nint)(_data + tensor.Offset) : throw new BadInputException($"{Path}: there is no tensor '{name}'");
    }

    /// <summary>The tensor's bytes, little-endian, row-major; valid until this file is disposed. At most 2 GiB: see <see cref="Pointer"/> for larger ones.</summary>
    /// <exception cref="BadInputException">There is no such tensor.</exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        var pointer = Pointer(name);
        return new ReadOnlySpan<byte>((void*)pointer, checked((int)_byName[name].Info.Bytes));
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>Looks at length and first bytes before anything is mapped. Returns the file's length.</summary>
    private static long CheckStart(string path)
    {
        if (!File.Exists(path))
            throw new BadInputException($"{path} not found");
        using var stream = File.OpenRead(path);
        var start = new byte[SafetensorsHeader.LengthBytes + 1];
        var read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (read == start.Length && start[^1] == (byte)'{')
        {
            var headerLength = BinaryPrimitives.ReadInt64LittleEndian(start);
            if (headerLength is < 2 or > SafetensorsHeader.Longest)
                throw new BadInputException($"{path}: header length {headerLength} is outside the limits of 2 to {SafetensorsHeader.Longest} bytes");
            if (headerLength > stream.Length - SafetensorsHeader.LengthBytes)
                throw new BadInputException($"{path}: header length {headerLength} reaches past the end of the file ({stream.Length} bytes): truncated");
            return stream.Length;
        }
        throw new BadInputException($"{path} {WhatElse(path, start.AsSpan(0, read))}; only safetensors are read");
    }

    private static string WhatElse(string path, ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PK"u8) || (start.Length > 1 && start[0] == 0x80 && start[1] is >= 2 and <= 5))
            return "is a pickle/zip checkpoint";
        if (start.StartsWith("GGUF"u8))
            return "is a GGUF file";
        if (start.StartsWith("version "u8))
            return "is a Git LFS pointer: fetch the real file";
        return System.IO.Path.GetExtension(path) is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl" ? "is a pickle/zip checkpoint" : "is not a safetensors file";
    }
}
