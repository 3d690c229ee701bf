using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Models;

/// <summary>The weights of a model folder, in one safetensors file or in shards listed by an index; mapped, not loaded.</summary>
public sealed class ModelWeights : IDisposable
{
    public const string SingleFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";

    private const long LongestIndex = 64 << 20;
    private const int MostShards = 1000;

    private readonly Dictionary<string, SafetensorsFile> _fileOf = new(StringComparer.Ordinal);

    private ModelWeights(IReadOnlyList<SafetensorsFile> files)
    {
        Files = files;
        foreach (var file in files)
        {
            foreach (var tensor in file.Tensors)
            {
                if (!_fileOf.TryAdd(tensor.Name, file))
                    throw new BadInputException($"{file.Path}: tensor '{tensor.Name}' is also in {_fileOf[tensor.Name].Path}");
            }
        }
    }

    public IReadOnlyList<SafetensorsFile> Files { get; }

    public IEnumerable<TensorInfo> Tensors => Files.SelectMany(file => file.Tensors);

    /// <summary>Opens the weights of a folder.</summary>
    /// <exception cref="BadInputException">There are none, they are pickles, or a file is malformed.</exception>
    public static ModelWeights Open(string folder)
    {
        var opened = new List<SafetensorsFile>();
        try
        {
            foreach (var name in FileNames(folder))
                opened.Add(SafetensorsFile.Open(Path.Combine(folder, name)));
            return new ModelWeights(opened);
        }
        catch
        {
            opened.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>SHA-256 of a folder's weights, in lower-case hex: of the file or, where there are several, of the lines "hash  name" of all of them.</summary>
    public static string Sha256(string folder) => FileNames(folder) is [var only] && only == SingleFile
        ? FileHash.Of(Path.Combine(folder, only))
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(FileNames(folder).Select(name => $"{FileHash.Of(Path.Combine(folder, name))}  {name}\n")))));

    /// <summary>The tensor's description, or null when no file has it.</summary>
    public TensorInfo? Find(string name) => _fileOf.TryGetValue(name, out var file) ? file.Find(name) : null;

    /// <inheritdoc cref="SafetensorsFile.Pointer"/>
    public nint Pointer(string name) => FileOf(name).Pointer(name);

    /// <inheritdoc cref="SafetensorsFile.Bytes"/>
    public ReadOnlySpan<byte> Bytes(string name) => FileOf(name).Bytes(name);

    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    /// <summary>The single file's name, or a shard's as everybody names them. Other safetensors, such as adapters, are not the model's.</summary>
    public static bool IsWeightFile(string name) =>
        name == SingleFile || (name.StartsWith("model-", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal) && name == Path.GetFileName(name));

    /// <summary>True for what is a checkpoint by its name, but could run code when it is opened.</summary>
    public static bool IsPickle(string name) => Path.GetExtension(name).ToLowerInvariant() is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl" or ".pickle";

    /// <summary>Names of the folder's weight files: the shards of the index, else the single file.</summary>
    internal static IReadOnlyList<string> FileNames(string folder)
    {
        var index = Path.Combine(folder, IndexFile);
        if (File.Exists(index))
            return JsonFile.Read(index, LongestIndex, Shards);
        if (File.Exists(Path.Combine(folder, SingleFile)))
            return [SingleFile];
        var pickle = Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .FirstOrDefault(name => IsPickle(name!));
        throw new BadInputException(pickle is null
            ? $"{folder} has no weights: {SingleFile} or {IndexFile} is missing"
            : $"{Path.Combine(folder, pickle)} is a pickle/zip checkpoint; only safetensors are read");
    }

    private static List<string> Shards(JsonElement index)
    {
        if (index.Get("weight_map") is not { ValueKind: JsonValueKind.Object } map)
            throw new BadInputException("weight_map is missing");
        var names = map.EnumerateObject()
            .Select(entry => entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw new BadInputException($"weight_map of '{entry.Name}' must be a file name"))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (names.Count is 0 or > MostShards)
            throw new BadInputException($"weight_map lists {names.Count} files; 1 to {MostShards} are read");
        // A name with a folder in it could reach outside the model folder.
        if (names.Find(name => name != Path.GetFileName(name) || !name.EndsWith(".safetensors", StringComparison.Ordinal)) is { } bad)
            throw new BadInputException($"'{bad}' is not a plain name of a safetensors file");
        return names;
    }

    private SafetensorsFile FileOf(string name) => _fileOf.TryGetValue(name, out var file) ? file : throw new BadInputException($"{Files[0].Path}: there is no tensor '{name}'");
}
