using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Models;

/// <summary>
/// A LoRA adapter as Hugging Face's PEFT keeps it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>. What would compute something else than
/// W + s·B·A on a layer's projections is refused by name. Weights are not loaded.
/// </summary>
public sealed class PeftAdapter
{
    public const string ConfigFile = "adapter_config.json", WeightsFile = "adapter_model.safetensors";

    private const long LongestConfig = 1 << 20;
    private const int LargestRank = 1 << 16;

    /// <summary>Starts of A and B that leave the base model as it is; others (PiSSA, OLoRA, CorDA, LoftQ) subtract from it.</summary>
    private static readonly string[] PlainStarts = ["gaussian", "eva", "orthogonal"];

    private static readonly string[] OtherArithmetic = ["use_dora", "use_qalora", "lora_bias", "fan_in_fan_out"];

    private static readonly string[] OtherModules =
        ["modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform", "layer_replication", "exclude_modules", "trainable_token_indices", "target_parameters"];

    private PeftAdapter(string path, LoraConfig settings)
    {
        (Path, Settings) = (path, settings);
        Weights = System.IO.Path.Combine(path, WeightsFile);
    }

    public string Path { get; }

    /// <summary>The safetensors file.</summary>
    public string Weights { get; }

    public LoraConfig Settings { get; }

    /// <summary>What an adapter consists of.</summary>
    public static IReadOnlyList<string> Files { get; } = [ConfigFile, WeightsFile];

    /// <summary>The adapter of that folder or, without one, the adapter that a run left beside a model it made; null where there is none.</summary>
    /// <exception cref="BadInputException">There is one, but it is refused.</exception>
    public static PeftAdapter? Find(string model, string? adapter = null)
    {
        var beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(model))) ?? "/", "adapter");
        return adapter is not null ? Open(adapter) : IsIn(beside) ? Open(beside) : null;
    }

    /// <summary>Whether a folder holds an adapter, sound or not.</summary>
    public static bool IsIn(string folder) => File.Exists(System.IO.Path.Combine(folder, ConfigFile));

    /// <summary>Reads the settings.</summary>
    /// <exception cref="BadInputException">A file is missing or malformed, or the adapter is of a kind that is not read.</exception>
    public static PeftAdapter Open(string folder)
    {
        if (!Directory.Exists(folder))
            throw new BadInputException($"adapter folder {folder} not found; it should hold {ConfigFile} and {WeightsFile}");
        var adapter = new PeftAdapter(System.IO.Path.GetFullPath(folder), JsonFile.Read(System.IO.Path.Combine(folder, ConfigFile), LongestConfig, Read));
        if (!File.Exists(adapter.Weights))
        {
            throw new BadInputException(Directory.EnumerateFiles(folder, "adapter_model.*").Select(System.IO.Path.GetFileName).FirstOrDefault(name => ModelWeights.IsPickle(name!)) is { } pickle
                ? $"{System.IO.Path.Combine(folder, pickle)} is a pickle; only {WeightsFile} is read"
                : $"{adapter.Weights} not found");
        }
        return adapter;
    }

    /// <summary>Writes the settings as PEFT does.</summary>
    /// <param name="baseModel">Name of the model that the adapter belongs to; for people, and for PEFT where it is a repository.</param>
    public static void WriteConfig(LoraConfig settings, string baseModel, string folder) => AtomicFile.WriteJson(System.IO.Path.Combine(folder, ConfigFile), new JsonObject
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = baseModel,
        ["inference_mode"] = true,
        ["r"] = settings.Rank,
        ["lora_alpha"] = settings.Alpha,
        ["lora_dropout"] = settings.Dropout,
        ["use_rslora"] = settings.Rslora,
        ["target_modules"] = new JsonArray([.. settings.Targets.Select(target => JsonValue.Create(target))]),
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["init_lora_weights"] = true,
        ["modules_to_save"] = null,
        ["use_dora"] = false,
    });

    /// <summary>Checks the adapter's tensors against the modules it should have.</summary>
    /// <param name="expected">PEFT's name and the shape of every A and B.</param>
    /// <exception cref="BadInputException">One is missing, is too many, or has another shape or a type that is no float.</exception>
    internal void Check(SafetensorsFile file, IReadOnlyList<(string Name, long[] Shape)> expected)
    {
        foreach (var (name, shape) in expected)
        {
            var found = file.Find(name) ?? throw new BadInputException($"{Weights}: tensor {name} is missing, which {ConfigFile} and the model ask for");
            if (!found.Shape.SequenceEqual(shape))
                throw new BadInputException($"{Weights}: tensor {name} has shape {TensorInfo.ShapeText(found.Shape)}, rank {Settings.Rank} and the model ask for {TensorInfo.ShapeText(shape)}");
            if (found.Dtype is not ("F32" or "BF16" or "F16"))
                throw new BadInputException($"{Weights}: tensor {name} has dtype {found.Dtype}; F32, BF16 and F16 are read");
        }
        var names = expected.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        if (file.Tensors.FirstOrDefault(tensor => !names.Contains(tensor.Name)) is { } unknown)
            throw new BadInputException($"{Weights}: tensor {unknown.Name} belongs to no projection of the model that {ConfigFile} names");
    }

    private static LoraConfig Read(JsonElement json)
    {
        if (Text(json, "peft_type") is not "LORA" and var type)
            throw new BadInputException($"peft_type {type ?? "is missing; it"} is not read; LORA is");
        foreach (var key in OtherArithmetic.Where(key => json.Get(key) is { ValueKind: not JsonValueKind.False }))
            throw new BadInputException($"{key} is set: such adapters are not read; plain LoRA is");
        foreach (var key in OtherModules.Where(key => !IsEmpty(json.Get(key))))
            throw new BadInputException($"{key} is set: such adapters are not read; one rank on the same projections of every layer is");
        if (Text(json, "bias") is not ("none" or null) and var bias)
            throw new BadInputException($"bias {bias} is not read; none is");
        if (Text(json, "init_lora_weights") is { } start && !PlainStarts.Contains(start))
            throw new BadInputException($"init_lora_weights {start} is not read: it changes the base model; convert the adapter to plain LoRA with PEFT first");
        return new LoraConfig
        {
            Rank = (int)Number(json, "r", 1, LargestRank),
            Alpha = Number(json, "lora_alpha", 0, 1e9),
            Dropout = json.Get("lora_dropout") is null ? 0 : Number(json, "lora_dropout", 0, 1),
            Rslora = json.Get("use_rslora") is { ValueKind: JsonValueKind.True },
            Targets = Targets(json.Get("target_modules")),
        };
    }

    private static List<string> Targets(JsonElement? modules)
    {
        if (modules is { ValueKind: JsonValueKind.String } text && text.GetString() == "all-linear")
            return [.. LoraConfig.AllTargets];
        var names = modules is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? list.EnumerateArray().Select(name => name.GetString()!).ToList()
            : throw new BadInputException("target_modules must be a list of projections");
        if (names.Find(name => !LoraConfig.AllTargets.Contains(name)) is { } other)
            throw new BadInputException($"target_modules has '{Shown(other)}', which is not read; {string.Join(", ", LoraConfig.AllTargets)} are");
        return names.Count > 0 ? [.. LoraConfig.AllTargets.Where(names.Contains)] : throw new BadInputException("target_modules is empty");
    }

    private static double Number(JsonElement json, string key, double least, double most) =>
        json.Get(key) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw new BadInputException(string.Create(CultureInfo.InvariantCulture, $"{key} must be a number from {least} to {most}"));

    private static string? Text(JsonElement json, string key) => json.Get(key) is { ValueKind: JsonValueKind.String } value ? Shown(value.GetString()!) : null;

    private static bool IsEmpty(JsonElement? value) => value is null
        || (value is { ValueKind: JsonValueKind.Object } map && !map.EnumerateObject().Any())
        || (value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0);

    private static string Shown(string text) => (text.Length > 60 ? text[..60] + "…" : text).ReplaceLineEndings(" ");
}
