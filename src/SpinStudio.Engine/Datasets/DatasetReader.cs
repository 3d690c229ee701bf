using System.Text.Json;
using System.Text.Unicode;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Datasets;

/// <summary>Reads canonical datasets: JSON Lines of <see cref="Example"/>.</summary>
public static class DatasetReader
{
    /// <summary>The examples of a file, in its order, read as they are asked for. Blank lines are passed over.</summary>
    /// <exception cref="BadInputException">The file is missing or empty, or a line is not an example; the message names file and line.</exception>
    public static IEnumerable<Example> Read(string path) => File.Exists(path) ? ReadLines(path) : throw new BadInputException($"dataset {path} not found");

    private static IEnumerable<Example> ReadLines(string path)
    {
        using var stream = File.OpenRead(path);
        var any = false;
        foreach (var line in LineReader.Read(stream, DatasetLimits.RowBytes))
        {
            if (!line.TooLong && line.Bytes.Span.IndexOfAnyExcept(" \t"u8) < 0)
                continue;
            any = true;
            yield return Parse(line, path);
        }
        if (!any)
            throw new BadInputException($"dataset {path} is empty; it needs at least one line such as {{\"prompt\": \"…\", \"response\": \"…\"}}");
    }

    private static Example Parse(Line line, string path)
    {
        if (line.TooLong)
            throw Refuse($"longer than {DatasetLimits.RowBytes} bytes");
        if (!Utf8.IsValid(line.Bytes.Span))
            throw Refuse("not valid UTF-8; save the file as UTF-8");
        try
        {
            var example = JsonSerializer.Deserialize<Example>(line.Bytes.Span, RunJson.Line) ?? throw Refuse("must be a JSON object, not null");
            return DatasetLimits.ProblemOf(example) is { } problem ? throw Refuse(problem) : example;
        }
        catch (JsonException e)
        {
            throw Refuse($"not a JSON object with prompt and response as text ({e.Message.ReplaceLineEndings(" ")})", e);
        }

        BadInputException Refuse(string reason, Exception? cause = null) => cause is null
            ? new BadInputException($"{path}, line {line.Number}: {reason}")
            : new BadInputException($"{path}, line {line.Number}: {reason}", cause);
    }
}
