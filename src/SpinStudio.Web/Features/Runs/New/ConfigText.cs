using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>A run's settings as text that people keep and share: YAML or JSON, without the paths of model and dataset.</summary>
public static partial class ConfigText
{
    /// <summary>Bytes of a text that is read, in UTF-8.</summary>
    public const int MostBytes = 1 << 20;

    private static readonly string[] Paths = ["model", "dataset", "held_out"];

    /// <summary>Reads YAML or JSON. Settings that are not named keep their default.</summary>
    /// <exception cref="StudioException">It is too large, is neither, or holds an unknown key or a value of the wrong kind or size; the message names each.</exception>
    public static RunConfig Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Encoding.UTF8.GetByteCount(text) is var bytes and > MostBytes)
        {
            throw new StudioException(Refusal.TooLarge, $"The settings have {bytes:N0} bytes; {MostBytes:N0} are the limit. A run's settings are a few lines.");
        }

        try
        {
            var settings = text.TrimStart().StartsWith('{') ? text : YamlReader.Read(text).ToJsonString(RunJson.Line);
            return RunConfigFile.Parse(WithoutPaths(settings), "/") with { Model = "-", Dataset = "-", HeldOut = null };
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, $"These settings cannot be used: {refused.Message}.");
        }
    }

    public static string Json(RunConfig config) => Settings(config).ToJsonString(RunJson.Pretty) + "\n";

    public static string Yaml(RunConfig config)
    {
        var text = new StringBuilder();
        Write(text, Settings(config), "");
        return text.ToString();
    }

    /// <summary>Shell lines that do in a terminal what the form would start.</summary>
    /// <param name="config">With the paths of model and dataset.</param>
    public static string Command(RunConfig config)
    {
        var json = JsonSerializer.Serialize(config, RunJson.Pretty);
        return $"cat > run.json <<'END-OF-RUN'\n{json}\nEND-OF-RUN\nspinstudio train run.json --out my-run\n";
    }

    private static JsonObject Settings(RunConfig config)
    {
        var json = JsonSerializer.SerializeToNode(config, RunJson.Strict)!.AsObject();
        foreach (var path in Paths)
        {
            json.Remove(path);
        }

        if (config.Name.Length == 0)
        {
            json.Remove("name");
        }

        return json;
    }

    /// <summary>Model and dataset are chosen in the form, so a text may name them or not.</summary>
    private static string WithoutPaths(string json)
    {
        var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = YamlReader.MostDepth, AllowDuplicateProperties = false };
        try
        {
            if (JsonNode.Parse(json, documentOptions: options) is not JsonObject settings)
            {
                throw new BadInputException("they must be one object: keys with values");
            }

            settings.Remove("held_out");
            settings["model"] = "-";
            settings["dataset"] = "-";
            return settings.ToJsonString(RunJson.Line);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"not valid JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static void Write(StringBuilder text, JsonObject settings, string indent)
    {
        foreach (var (key, value) in settings)
        {
            if (value is JsonObject nested)
            {
                text.Append(indent).Append(key).Append(":\n");
                Write(text, nested, indent + "  ");
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}{key}: {Scalar(value)}\n");
            }
        }
    }

    /// <summary>JSON's scalars and lists are YAML's; a plain word needs no quotes.</summary>
    private static string Scalar(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray list => $"[{string.Join(", ", list.Select(Scalar))}]",
        _ when value.GetValueKind() == JsonValueKind.String && Word().IsMatch(value.GetValue<string>()) && !YamlReader.IsSpecial(value.GetValue<string>()) => value.GetValue<string>(),
        _ => value.ToJsonString(RunJson.Line),
    };

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
