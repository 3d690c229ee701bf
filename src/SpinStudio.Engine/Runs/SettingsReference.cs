using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Runs;

/// <summary>
/// The page of all settings, docs/settings.md: names, types and defaults out of <see cref="RunConfig"/>, limits out of its rules, the paper's values out of
/// <see cref="RunPresets"/>, and what each is for out of <see cref="SettingNotes"/>.
/// </summary>
public static class SettingsReference
{
    private const string Opening = """
        # Settings of a run

        Every key of `run.json`, as `spinstudio settings` writes it out of the config types. A nested key has a dot. A list holds one value per iteration; its last one repeats. The paper's values are those of Chen et al.,
        arXiv 2401.01335v3, Appendix B, and of the official configs, for a model of 7 billion parameters; `"preset": "paper"` sets them. A dash stands for what it does not say.

        | setting | type | limits | default | paper | what it is, and why |
        |---|---|---|---|---|---|

        """;

    public static string Markdown()
    {
        var config = new RunConfig { Model = "-", Dataset = "-" };
        var (defaults, paper) = (Json(config), Json(RunPresets.Paper(config)));
        var text = new StringBuilder(Opening.ReplaceLineEndings("\n"));
        foreach (var (key, property) in Settings(typeof(RunConfig), ""))
        {
            var limits = RunConfigRules.Limits.TryGetValue(key, out var known) ? known.Typical.Length > 0 ? $"{known.Limit}; typical: {known.Typical}" : known.Limit : "";
            var required = property.GetCustomAttribute<RequiredMemberAttribute>() is not null;
            text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"| `{key}` | {TypeOf(property.PropertyType)} | {limits} | {(required ? "required" : ValueOf(defaults, key))} | {(RunPresets.StatedInPaper.Contains(key) ? ValueOf(paper, key) : "–")} | {SettingNotes.Of(key)} |\n");
        }
        return text.ToString();
    }

    /// <summary>Every key in the order of the types, nested ones with a dot.</summary>
    public static IEnumerable<string> Keys => Settings(typeof(RunConfig), "").Select(setting => setting.Key);

    private static IEnumerable<(string Key, PropertyInfo Property)> Settings(Type type, string path)
    {
        foreach (var (key, property) in RunConfigSchema.KeysOf(type))
        {
            if (IsNested(property.PropertyType))
            {
                foreach (var inner in Settings(property.PropertyType, $"{path}{key}."))
                    yield return inner;
            }
            else
            {
                yield return (path + key, property);
            }
        }
    }

    private static bool IsNested(Type type) => type.IsClass && type.Assembly == typeof(RunConfig).Assembly;

    private static string TypeOf(Type type) => type switch
    {
        _ when type == typeof(string) => "text",
        _ when type == typeof(int) => "whole number",
        _ when type == typeof(double) => "number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(IReadOnlyList<double>) => "number, or a list",
        { IsEnum: true } => string.Join(", ", RunConfigSchema.NamesOf(type).Select(name => $"`{name}`")),
        _ => "list of names",
    };

    private static JsonObject Json(RunConfig config) => JsonSerializer.SerializeToNode(config, RunJson.Line)!.AsObject();

    private static string ValueOf(JsonObject settings, string key) => key.Split('.').Aggregate((JsonNode?)settings, (node, part) => node?[part]) switch
    {
        null => "–",
        JsonArray { Count: 1 } one => Text(one[0]),
        JsonArray list => $"[{string.Join(", ", list.Select(Text))}]",
        var value => Text(value),
    };

    /// <summary>5e-7 rather than 5E-07.</summary>
    private static string Text(JsonNode? value) => value!.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString().Replace("E-0", "e-", StringComparison.Ordinal).Replace("E-", "e-", StringComparison.Ordinal);
}
