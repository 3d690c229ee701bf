using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Inspection;

/// <summary>A run config with every setting resolved: what a run of it would really use.</summary>
internal static class ConfigFindings
{
    public static Findings Of(string path)
    {
        var config = RunConfigFile.Load(path);
        var settings = JsonSerializer.SerializeToNode(config, RunJson.Line)!.AsObject();
        return new Findings("config", Path.GetFullPath(path))
        {
            Table = TextTable.Render(["setting", "value"], Rows(settings, "")),
            Parts = [("settings", settings)],
        };
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(JsonObject settings, string prefix) => settings.SelectMany(setting => setting.Value is JsonObject nested
        ? Rows(nested, setting.Key + ".")
        : [(string[])[prefix + setting.Key, setting.Value!.ToJsonString(RunJson.Line)]]);
}
