namespace SpinStudio.Engine.Models;

/// <summary>
/// A model in Hugging Face layout (config.json, safetensors, tokenizer.json, tokenizer_config.json, generation_config.json), checked against its own
/// config: every expected tensor is there with the right shape, and no unknown one. Weights are not loaded.
/// </summary>
public sealed class ModelFolder
{
    /// <summary>What a model folder is copied with; everything else (scripts, pickles, caches) stays behind.</summary>
    private static readonly string[] KeptFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", ModelWeights.IndexFile, "README.md", "LICENSE", "LICENSE.txt", "NOTICE",
    ];

    private const long LongestSmallFile = 1 << 20;
    private const int LongestDifference = 5;

    private ModelFolder(string path)
    {
        Path = path;
        Config = ModelConfig.Load(In("config.json"));
        using var weights = ModelWeights.Open(path);
        Dtypes = [.. Check(weights)];
        WeightFiles = ModelWeights.FileNames(path);
        WeightBytes = weights.Tensors.Sum(tensor => tensor.Bytes);
        StopTokenIds = ReadStopTokens(path, Config);
    }

    public string Path { get; }

    public ModelConfig Config { get; }

    /// <summary>Trainable numbers; a tied head counts once.</summary>
    public long ParameterCount => Config.ParameterCount;

    /// <summary>Names of the safetensors files within the folder.</summary>
    public IReadOnlyList<string> WeightFiles { get; }

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes { get; }

    /// <summary>dtypes of the stored weights (F32, BF16, F16).</summary>
    public IReadOnlyList<string> Dtypes { get; }

    /// <summary>Every id that ends an answer, from config.json and generation_config.json; may be empty when only the tokenizer knows it.</summary>
    public IReadOnlyList<int> StopTokenIds { get; }

    /// <summary>Opens a folder and checks it.</summary>
    /// <exception cref="BadInputException">A file is missing or malformed, the architecture is not supported, or a tensor does not fit the config.</exception>
    public static ModelFolder Open(string path)
    {
        if (!Directory.Exists(path))
            throw new BadInputException(File.Exists(path) ? $"{path} is a file; a model is a folder with config.json and model.safetensors" : $"model folder {path} not found");
        if (PeftAdapter.IsIn(path) && !File.Exists(System.IO.Path.Combine(path, "config.json")))
            throw new BadInputException($"{path} is an adapter, not a whole model; name its base model, and this folder as its adapter");
        return new ModelFolder(System.IO.Path.GetFullPath(path));
    }

    /// <summary>Maps the weights for reading.</summary>
    public ModelWeights OpenWeights() => ModelWeights.Open(Path);

    /// <summary>Whether a file of this name belongs to a model: its weights (one safetensors file, or the shards of an index), config, tokenizer, template, card or licence.</summary>
    public static bool IsModelFile(string name) => KeptFiles.Contains(name) || ModelWeights.IsWeightFile(name);

    /// <summary>Copies tokenizer, chat template, generation settings and the like, but neither config.json nor weights, into an existing folder.</summary>
    public static void CopyCompanions(string from, string to)
    {
        foreach (var name in KeptFiles.Where(name => name is not ("config.json" or ModelWeights.IndexFile) && File.Exists(System.IO.Path.Combine(from, name))))
            CopyFile(System.IO.Path.Combine(from, name), System.IO.Path.Combine(to, name));
    }

    /// <summary>Copies what makes the model into a new folder, which appears whole or not at all. Other files, scripts among them, are left behind.</summary>
    /// <exception cref="BadInputException">The source is no sound model, or the target exists.</exception>
    public static void Copy(string from, string to)
    {
        var source = Open(from);
        if (Directory.Exists(to) || File.Exists(to))
            throw new BadInputException($"{to} exists already");
        var partial = to.TrimEnd(System.IO.Path.DirectorySeparatorChar) + ".partial";
        if (Directory.Exists(partial))
            Directory.Delete(partial, recursive: true);
        Directory.CreateDirectory(partial);
        foreach (var name in KeptFiles.Concat(source.WeightFiles).Where(name => File.Exists(source.In(name))))
            CopyFile(source.In(name), System.IO.Path.Combine(partial, name));
        Directory.Move(partial, to);
    }

    private static void CopyFile(string from, string to)
    {
        using var source = File.OpenRead(from);
        using var target = new FileStream(to, FileMode.Create, FileAccess.Write);
        source.CopyTo(target);
        target.Flush(flushToDisk: true);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Compares weights with the config. Returns the dtypes in use.</summary>
    private SortedSet<string> Check(ModelWeights weights)
    {
        var dtypes = new SortedSet<string>(StringComparer.Ordinal);
        var expected = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var (name, shape) in Config.ExpectedTensors())
        {
            expected.Add(name);
            if (weights.Find(name) is not { } found)
            {
                missing.Add(name);
                continue;
            }
            CheckShape(found, shape);
            if (found.Dtype is not ("F32" or "BF16" or "F16"))
                throw new BadInputException($"{Path}: tensor {name} has dtype {found.Dtype}; F32, BF16 and F16 are read");
            dtypes.Add(found.Dtype);
        }
        if (missing.Count > 0)
            throw new BadInputException($"{Path}: {missing.Count} tensors are missing that config.json asks for: {List(missing)}");
        if (Config.TieWordEmbeddings && weights.Find("lm_head.weight") is { } head)
            CheckShape(head, [Config.VocabSize, Config.HiddenSize]);
        // Old checkpoints store the rotary frequencies, which are recomputed, and a tied head may be stored twice.
        var unknown = weights.Tensors.Select(tensor => tensor.Name)
            .Where(name => !expected.Contains(name) && name != "lm_head.weight" && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)).ToList();
        return unknown.Count == 0 ? dtypes : throw new BadInputException($"{Path}: {unknown.Count} tensors do not belong to a {Config.Architecture}: {List(unknown)}");
    }

    private void CheckShape(TensorInfo found, IReadOnlyList<long> shape)
    {
        if (!found.Shape.SequenceEqual(shape))
            throw new BadInputException($"{Path}: tensor {found.Name} has shape {TensorInfo.ShapeText(found.Shape)}, config.json asks for {TensorInfo.ShapeText(shape)}");
    }

    /// <summary>Ids that end an answer: those of config.json, then those that only generation_config.json has.</summary>
    internal static IReadOnlyList<int> ReadStopTokens(string folder, ModelConfig config)
    {
        var generation = System.IO.Path.Combine(folder, "generation_config.json");
        return File.Exists(generation)
            ? [.. config.EosTokenIds.Concat(JsonFile.Read(generation, LongestSmallFile, json => ModelConfigJson.TokenIds(json, "eos_token_id"))).Distinct()]
            : config.EosTokenIds;
    }

    private static string List(List<string> names) => string.Join(", ", names.Take(LongestDifference)) + (names.Count > LongestDifference ? ", …" : "");
}
