using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Runs;

/// <summary>Checks names and types of a config's JSON against the properties of <see cref="RunConfig"/>, so that a message can name the key and what it takes.</summary>
internal static class RunConfigSchema
{
    /// <summary>Known keys of a config object by their name in the file.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> KeysOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), StringComparer.Ordinal);

    /// <summary>
    /// Adds a problem for each unknown key and each value of a wrong type; turns a single number into a list where a list is expected.
    /// </summary>
    /// <param name="path">Empty, or the keys above with a closing dot.</param>
    public static void Check(JsonObject json, Type type, string path, List<ConfigProblem> problems, params ReadOnlySpan<string> alsoKnown)
    {
        var known = KeysOf(type);
        string[] names = [.. known.Keys, .. alsoKnown];
        foreach (var (key, value) in json.ToList())
        {
            if (known.TryGetValue(key, out var property))
                CheckValue(json, key, value, property, path + key, problems);
            else if (!names.Contains(key, StringComparer.Ordinal))
                problems.Add(new ConfigProblem(path + key, UnknownKey(path, key, names)));
        }
    }

    private static string UnknownKey(string path, string key, string[] names)
    {
        var shown = key.Length > 60 ? key[..60] + "…" : key;
        return NearestName.Of(key, names) is { } nearest
            ? $"unknown key '{path}{shown}'; did you mean '{path}{nearest}'?"
            : $"unknown key '{path}{shown}'; known keys are {string.Join(", ", names)}";
    }

    private static void CheckValue(JsonObject parent, string key, JsonNode? value, PropertyInfo property, string path, List<ConfigProblem> problems)
    {
        if (value is null && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable)
            return;
        var type = property.PropertyType;
        if (type == typeof(IReadOnlyList<double>))
        {
            if (value is JsonValue && value.GetValueKind() == JsonValueKind.Number)
                parent[key] = value = new JsonArray(value.DeepClone());
            if (value is not JsonArray list || list.Any(item => !IsDouble(item)))
                Wrong("a number or a list of numbers, one per iteration");
        }
        else if (type == typeof(IReadOnlyList<string>))
        {
            if (value is not JsonArray list || list.Any(item => item?.GetValueKind() != JsonValueKind.String))
                Wrong("a list of texts");
        }
        else if (type == typeof(string) && value?.GetValueKind() != JsonValueKind.String)
        {
            Wrong("text");
        }
        else if (type == typeof(int) && !(value is JsonValue whole && whole.GetValueKind() == JsonValueKind.Number && whole.TryGetValue<int>(out _)))
        {
            Wrong($"a whole number from {int.MinValue} to {int.MaxValue}");
        }
        else if (type == typeof(double) && !IsDouble(value))
        {
            Wrong("a number");
        }
        else if (type == typeof(bool) && value?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            Wrong("true or false");
        }
        else if (type.IsEnum && !NamesOf(type).Contains(value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null))
        {
            Wrong(string.Join(" or ", NamesOf(type).Select(name => $"\"{name}\"")));
        }
        else if (type.IsClass && type.Assembly == typeof(RunConfig).Assembly)
        {
            if (value is JsonObject nested)
                Check(nested, type, path + ".", problems);
            else
                Wrong("an object");
        }

        void Wrong(string expected) => problems.Add(new ConfigProblem(path, $"{path} must be {expected} (got {Shown(value)})"));
    }

    private static bool IsDouble(JsonNode? value) =>
        value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && number.TryGetValue<double>(out var real) && double.IsFinite(real);

    internal static IEnumerable<string?> NamesOf(Type enumType) =>
        enumType.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name);

    private static string Shown(JsonNode? value)
    {
        var text = value?.ToJsonString(RunJson.Line) ?? "null";
        return text.Length > 60 ? text[..60] + "…" : text;
    }
}
