using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs;

/// <summary>A setting in which two configs differ.</summary>
/// <param name="Key">As in run.json, parts joined by a dot.</param>
/// <param name="Here">Its value as JSON; null where the config has none.</param>
public sealed record ConfigDifference(string Key, string? Here, string? There)
{
    /// <summary>What every run has of its own: no setting to compare.</summary>
    private static readonly string[] Own = ["name", "model", "dataset", "held_out"];

    public static IReadOnlyList<ConfigDifference> Between(RunConfig here, RunConfig there)
    {
        var (left, right) = (Flat(here), Flat(there));
        return [.. left.Keys.Union(right.Keys).Where(key => !Own.Contains(key) && left.GetValueOrDefault(key) != right.GetValueOrDefault(key)).Order(StringComparer.Ordinal)
            .Select(key => new ConfigDifference(key, left.GetValueOrDefault(key), right.GetValueOrDefault(key)))];
    }

    private static Dictionary<string, string> Flat(RunConfig config)
    {
        var flat = new Dictionary<string, string>();
        void Add(string prefix, JsonObject part)
        {
            foreach (var (key, value) in part)
            {
                if (value is JsonObject inner)
                {
                    Add($"{prefix}{key}.", inner);
                }
                else
                {
                    flat[prefix + key] = value?.ToJsonString() ?? "null";
                }
            }
        }

        Add("", JsonSerializer.SerializeToNode(config, RunJson.Line)!.AsObject());
        return flat;
    }
}
