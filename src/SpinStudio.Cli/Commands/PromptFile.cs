using System.Text.Json;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary>Prompts to be answered: no human answers are needed.</summary>
internal static class PromptFile
{
    /// <summary>The prompts, in their order, as examples without a response.</summary>
    /// <exception cref="BadInputException">The file is missing or holds no prompt, or a row is not one; the message names the row.</exception>
    public static IReadOnlyList<Example> Read(string path)
    {
        if (!File.Exists(path))
            throw new BadInputException($"prompts file {path} not found");
        var lines = File.ReadAllLines(path).Select((line, index) => (Text: line, Number: index + 1)).Where(line => !string.IsNullOrWhiteSpace(line.Text));
        List<Example> prompts = Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase)
            ? [.. lines.Select(line => new Example(line.Text, ""))]
            : [.. lines.Select(line => Parse(line.Text, path, line.Number))];
        return prompts.Count > 0 ? prompts : throw new BadInputException($"{path} is empty; it needs at least one line such as {{\"prompt\": \"…\"}}");
    }

    private static Example Parse(string line, string path, int number)
    {
        Row? row;
        try
        {
            row = JsonSerializer.Deserialize<Row>(line, RunJson.Line);
        }
        catch (JsonException exception)
        {
            throw new BadInputException($"{path}, row {number}: not a JSON object with a prompt ({exception.Message}); for one prompt a line name the file .txt", exception);
        }

        return string.IsNullOrWhiteSpace(row?.Prompt)
            ? throw new BadInputException($"{path}, row {number}: no prompt")
            : new Example(row.Prompt, "", row.System);
    }

    private sealed record Row(string? Prompt, string? System);
}
