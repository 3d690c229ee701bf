using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Inspection;

/// <summary>What was found at a path: figures by name, and a table of parts.</summary>
/// <param name="Kind">run, model, tensors, config or dataset.</param>
internal sealed record Findings(string Kind, string Path)
{
    /// <summary>Keys as in JSON; people see them with spaces. A value is a string, a number, a truth value or a list of strings.</summary>
    public IReadOnlyList<(string Key, object Value)> Figures { get; init; } = [];

    /// <summary>For people, after the figures.</summary>
    public string Table { get; init; } = "";

    /// <summary>For programs: the same as <see cref="Table"/>, by key.</summary>
    public IReadOnlyList<(string Key, object Value)> Parts { get; init; } = [];

    public string Text()
    {
        var figures = TextTable.Render([Kind, Path], Figures.Select(figure => (string[])[figure.Key.Replace('_', ' '), ValueText(figure.Value)]));
        return (Table.Length == 0 ? figures : figures + "\n" + Table).TrimEnd('\n');
    }

    public string Json()
    {
        var json = new JsonObject { ["kind"] = Kind, ["path"] = Path };
        foreach (var (key, value) in Figures.Concat(Parts))
            json[key] = JsonSerializer.SerializeToNode(value, RunJson.Pretty);
        return json.ToJsonString(RunJson.Pretty);
    }

    private static string ValueText(object value) => value switch
    {
        IEnumerable<string> list => string.Join(", ", list),
        int or long => Output.Figures.Count(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture)),
        bool truth => truth ? "yes" : "no",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
