using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Runs;

/// <summary>
/// Reads and writes a run's config as people write it: snake_case JSON, comments and trailing commas allowed, a single number where a list per
/// iteration is expected, and <c>"preset": "paper"</c> to start from the published settings.
/// </summary>
/// <remarks>
/// Three settings follow another one when the file gives only that: <c>schedule_epochs</c> follows <c>epochs</c> (unless a preset is named),
/// <c>micro_batch_size</c> is never above <c>batch_size</c>, and <c>max_prompt_length</c> is at most half of <c>max_length</c>.
/// </remarks>
public static class RunConfigFile
{
    /// <summary>Names that <c>preset</c> takes.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["paper"];

    private const int LongestFile = 1 << 20;
    private const string PresetKey = "preset";

    /// <summary>Reads a config; paths in it become absolute, relative to the file's folder.</summary>
    /// <exception cref="BadInputException">The file is missing, too large or no JSON, a key is unknown, or a value is of the wrong type or out of range.</exception>
    public static RunConfig Load(string path)
    {
        var full = Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new BadInputException($"run config '{path}' not found");
        if (new FileInfo(full).Length > LongestFile)
            throw new BadInputException($"run config '{path}' is larger than {LongestFile} bytes; it should be a short JSON object");
        try
        {
            return Parse(File.ReadAllText(full), Path.GetDirectoryName(full)!);
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"{Path.GetFileName(path)}: {e.Message}", e);
        }
    }

    /// <summary>Reads a config from text.</summary>
    /// <param name="json">One JSON object.</param>
    /// <param name="baseDirectory">What relative paths in it start from.</param>
    /// <exception cref="BadInputException">As for <see cref="Load"/>; the message holds every problem found, separated by semicolons.</exception>
    public static RunConfig Parse(string json, string baseDirectory)
    {
        var written = ReadObject(json);
        var problems = new List<ConfigProblem>();
        RunConfigSchema.Check(written, typeof(RunConfig), "", problems, PresetKey);
        foreach (var required in (string[])["model", "dataset"])
        {
            if (!written.ContainsKey(required))
                problems.Add(new ConfigProblem(required, $"{required} is missing"));
        }
        var preset = PresetOf(written, problems);
        ThrowIfAny(problems);

        var merged = ToJson(preset(new RunConfig { Model = "", Dataset = "" }));
        Overlay(merged, written);
        Follow(merged, written);
        var config = merged.Deserialize<RunConfig>(RunJson.Strict)!;
        config = config with
        {
            Model = Absolute(config.Model),
            Dataset = Absolute(config.Dataset),
            HeldOut = string.IsNullOrWhiteSpace(config.HeldOut) ? null : Absolute(config.HeldOut),
        };
        ThrowIfAny(Validate(config));
        return config;

        string Absolute(string path)
        {
            if (path.Contains('\0', StringComparison.Ordinal))
                throw new BadInputException("a path must not hold a NUL character");
            return string.IsNullOrWhiteSpace(path) ? "" : Path.GetFullPath(path, Path.GetFullPath(baseDirectory));
        }
    }

    /// <summary>Every setting that is out of its range; empty when the config can be run. Looks at values only, not at files.</summary>
    public static IReadOnlyList<ConfigProblem> Validate(RunConfig config) => RunConfigRules.Check(config);

    /// <summary>Checks that the model folder and the data files are there. Not part of <see cref="Load"/>: a resumed run has its own copies and no longer needs them.</summary>
    /// <exception cref="BadInputException">One is missing.</exception>
    public static void CheckInputs(RunConfig config)
    {
        if (!Directory.Exists(config.Model))
            throw new BadInputException($"model: folder '{config.Model}' not found");
        if (!File.Exists(config.Dataset))
            throw new BadInputException($"dataset: file '{config.Dataset}' not found");
        if (config.HeldOut is { } heldOut && !File.Exists(heldOut))
            throw new BadInputException($"held_out: file '{heldOut}' not found");
    }

    /// <summary>Checks that a run can be played by so many ranks, given otherwise than in the config.</summary>
    /// <exception cref="BadInputException">There are more than a step has micro-batches.</exception>
    public static void CheckRanks(RunConfig config, int ranks)
    {
        if (ranks < 1 || ranks > RunConfigRules.MostRanksFor(config))
            throw new BadInputException($"the number of ranks {RunConfigRules.RanksLimit(config)} (got {ranks})");
    }

    /// <summary>Writes every setting, defaults included, indented; the file appears whole or not at all.</summary>
    public static void Save(RunConfig config, string path)
    {
        var partial = path + ".partial";
        using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, config, RunJson.Pretty);
            stream.WriteByte((byte)'\n');
            stream.Flush(flushToDisk: true);
        }
        File.Move(partial, path, overwrite: true);
    }

    private static JsonObject ReadObject(string json)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16, AllowDuplicateProperties = false };
            return JsonNode.Parse(json, documentOptions: options) as JsonObject
                ?? throw new BadInputException("a run config must be a JSON object: { \"model\": …, \"dataset\": … }");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"not valid JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static Func<RunConfig, RunConfig> PresetOf(JsonObject written, List<ConfigProblem> problems)
    {
        if (!written.TryGetPropertyValue(PresetKey, out var node))
            return config => config;
        if (node?.GetValueKind() == JsonValueKind.String && node.GetValue<string>() == "paper")
            return RunPresets.Paper;
        problems.Add(new ConfigProblem(PresetKey, $"preset must be {string.Join(" or ", Presets.Select(name => $"\"{name}\""))}"));
        return config => config;
    }

    private static JsonObject ToJson(RunConfig config) => JsonSerializer.SerializeToNode(config, RunJson.Strict)!.AsObject();

    /// <summary>Puts the file's own keys over those of the preset or the defaults; nested objects key by key.</summary>
    private static void Overlay(JsonObject under, JsonObject over)
    {
        foreach (var (key, value) in over)
        {
            if (key == PresetKey)
                continue;
            if (value is JsonObject nested && under[key] is JsonObject target)
                Overlay(target, nested);
            else
                under[key] = value?.DeepClone();
        }
    }

    private static void Follow(JsonObject merged, JsonObject written)
    {
        if (written.ContainsKey("epochs") && !written.ContainsKey("schedule_epochs") && !written.ContainsKey(PresetKey))
            merged["schedule_epochs"] = merged["epochs"]!.DeepClone();
        if (!written.ContainsKey("micro_batch_size"))
            merged["micro_batch_size"] = Math.Max(1, Math.Min(Whole("micro_batch_size"), Whole("batch_size")));
        if (!written.ContainsKey("max_prompt_length"))
            merged["max_prompt_length"] = Math.Max(1, Math.Min(Whole("max_prompt_length"), Whole("max_length") / 2));

        int Whole(string key) => merged[key]!.GetValue<int>();
    }

    private static void ThrowIfAny(IReadOnlyList<ConfigProblem> problems)
    {
        if (problems.Count > 0)
            throw new BadInputException(string.Join("; ", problems.Select(problem => problem.Message)));
    }
}
