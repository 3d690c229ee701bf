using SpinStudio.Cli.Output;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Cli.Inspection;

/// <summary>A dataset in its canonical form: counts, lengths and the first rows. Every row is checked on the way.</summary>
internal static class DatasetFindings
{
    private const int ShownRows = 5, ShownCharacters = 60;

    public static Findings Of(string path)
    {
        List<Example> examples = [.. DatasetReader.Read(path)];
        return new Findings("dataset", Path.GetFullPath(path))
        {
            Figures =
            [
                ("examples", examples.Count),
                ("different_prompts", examples.Select(example => example.PromptId).Distinct().Count()),
                ("with_system", examples.Count(example => example.System is not null)),
                ("with_check", examples.Count(example => example.Check is not null)),
                ("longest_prompt", examples.Max(example => example.Prompt.Length)),
                ("longest_response", examples.Max(example => example.Response.Length)),
            ],
            Table = TextTable.Render(["prompt", "response"], examples.Take(ShownRows).Select(example => (string[])[Short(example.Prompt), Short(example.Response)])),
            Parts = [("first", examples.Take(ShownRows).ToList())],
        };
    }

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= ShownCharacters ? line : line[..(ShownCharacters - 1)] + "…";
    }
}
