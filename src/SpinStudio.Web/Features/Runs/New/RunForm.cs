using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Components;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>The settings of a run while they are being typed: what stands in each field, and whether it can be used.</summary>
public sealed class RunForm
{
    private readonly Dictionary<string, string> unreadable = [];
    private readonly Dictionary<string, string> typed = [];
    private JsonObject settings;

    public RunForm(RunConfig config) => settings = ToJson(config);

    public string Name { get; set; } = "";

    /// <summary>The run as typed so far; fields that cannot be read keep their last good value.</summary>
    public RunConfig Config => settings.Deserialize<RunConfig>(RunJson.Strict)! with { Name = Name.Trim(), Model = "-", Dataset = "-", HeldOut = null };

    /// <summary>Replaces all settings, by a preset or another run's.</summary>
    public void Use(RunConfig config)
    {
        unreadable.Clear();
        typed.Clear();
        settings = ToJson(config);
    }

    /// <summary>What stands in the field: as it was typed, also while it cannot be read.</summary>
    public string Text(RunField field) => typed.GetValueOrDefault(field.Key) ?? TextOf(settings, field);

    /// <summary>Everything that was typed, to be kept in a draft.</summary>
    public IReadOnlyDictionary<string, string> Typed => typed;

    public void Set(RunField field, string text)
    {
        unreadable.Remove(field.Key);
        typed[field.Key] = text;
        if (Readable(field, text.Trim(), out var value))
        {
            var before = Config;
            Put(settings, field.Key, value);
            Follow(before);
            return;
        }

        unreadable[field.Key] = field.Kind switch
        {
            FieldKind.Whole => $"“{text}” is not a whole number.",
            FieldKind.Reals => $"“{text}” is not a number, or a list of numbers such as 0.1, 0.1, 5.",
            _ => $"“{text}” is not a number.",
        };
    }

    /// <summary>Some settings go along with another one, as they do in a file that gives only that: where both were the same, or where a limit comes down.</summary>
    private void Follow(RunConfig before)
    {
        var now = Config;
        if (now.Epochs != before.Epochs && before.ScheduleEpochs == before.Epochs)
        {
            Put("schedule_epochs", JsonValue.Create(now.Epochs));
        }

        if (now.BatchSize < before.BatchSize && now.BatchSize >= 1 && now.MicroBatchSize > now.BatchSize)
        {
            Put("micro_batch_size", JsonValue.Create(now.BatchSize));
        }

        if (now.MaxLength < before.MaxLength && now.MaxLength >= 2 && now.MaxPromptLength >= now.MaxLength)
        {
            Put("max_prompt_length", JsonValue.Create(now.MaxLength / 2));
        }

        void Put(string key, JsonNode value)
        {
            typed.Remove(key);
            unreadable.Remove(key);
            RunForm.Put(settings, key, value);
        }
    }

    /// <summary>What is wrong, by field key.</summary>
    public IReadOnlyDictionary<string, string> Problems()
    {
        var problems = new Dictionary<string, string>(unreadable);
        foreach (var problem in RunConfigFile.Validate(Config with { Name = "-" }))
            problems.TryAdd(problem.Key, problem.Message);
        return problems;
    }

    /// <summary>Fields whose value differs from another config's.</summary>
    public IReadOnlyList<RunField> DifferentFrom(RunConfig other)
    {
        var theirs = ToJson(other);
        return [.. RunField.All.Where(field => unreadable.ContainsKey(field.Key) || TextOf(settings, field) != TextOf(theirs, field))];
    }

    /// <summary>A field's value in a config, as the form writes it.</summary>
    public static string TextIn(RunConfig config, RunField field) => TextOf(ToJson(config), field);

    private static JsonObject ToJson(RunConfig config) => JsonSerializer.SerializeToNode(config, RunJson.Strict)!.AsObject();

    private static string TextOf(JsonObject settings, RunField field) => Get(settings, field.Key) switch
    {
        JsonArray list when field.Kind == FieldKind.Words => string.Join(", ", list.Select(item => item!.GetValue<string>())),
        JsonArray list => Format.Numbers(list.Select(item => Real(item!.ToJsonString())!.Value)),
        { } number when number.GetValueKind() == JsonValueKind.Number => Format.Number(Real(number.ToJsonString())!.Value),
        { } flag when flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False => flag.GetValue<bool>() ? "true" : "false",
        { } text => text.GetValue<string>(),
        null => "",
    };

    /// <summary>A choice may be none: then the setting is left out.</summary>
    private static bool Readable(RunField field, string text, out JsonNode? value)
    {
        var none = field.Kind is FieldKind.Choice or FieldKind.Server && text.Length == 0;
        value = none ? null : Read(field, text);
        return none || value is not null;
    }

    private static JsonNode? Read(RunField field, string text) => field.Kind switch
    {
        FieldKind.Whole => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole) : null,
        FieldKind.Real => Real(text) is { } real ? JsonValue.Create(real) : null,
        FieldKind.Reals => text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(Real).ToList() is { Count: > 0 } list && list.TrueForAll(value => value is not null)
            ? new JsonArray([.. list.Select(value => JsonValue.Create(value!.Value))])
            : null,
        FieldKind.Flag => JsonValue.Create(text == "true"),
        FieldKind.Words => new JsonArray([.. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(word => JsonValue.Create(word))]),
        _ => JsonValue.Create(text),
    };

    private static double? Real(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : null;

    private static JsonNode? Get(JsonObject settings, string key) => key.Split('.').Aggregate((JsonNode?)settings, (node, part) => node?[part]);

    private static void Put(JsonObject settings, string key, JsonNode? value)
    {
        var parts = key.Split('.');
        var target = parts[..^1].Aggregate(settings, (node, part) => node[part]!.AsObject());
        target[parts[^1]] = value;
    }
}
