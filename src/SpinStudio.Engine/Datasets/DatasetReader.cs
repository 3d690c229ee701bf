using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Datasets;

/// <summary>Reads canonical datasets: JSON Lines of <see cref="Example"/>.</summary>
public static class DatasetReader
{
    /// <summary>Longest line read, in bytes.</summary>
    public const int LongestLine = 10 << 20;

    /// <summary>The examples of a file, in its order.</summary>
    /// <exception cref="BadInputException">The file is missing or empty, or a line is not an example; the message names file and line.</exception>
    public static IEnumerable<Example> Read(string path)
    {
        if (!File.Exists(path)) throw new BadInputException($"dataset {path} not found");
        return ReadLines(path);
    }

    private static IEnumerable<Example> ReadLines(string path)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var (number, read) = (0, 0);
        while (Next(reader, path, ++number) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            read++;
            yield return Parse(line, path, number);
        }
        if (read == 0) throw new BadInputException($"dataset {path} is empty; it needs at least one line such as {{\"prompt\": \"…\", \"response\": \"…\"}}");
    }

    private static string? Next(StreamReader reader, string path, int number)
    {
        try
        {
            var line = reader.ReadLine();
            return line?.Length > LongestLine ? throw new BadInputException($"{path}, line {number}: {line.Length} characters; the limit is {LongestLine}") : line;
        }
        catch (DecoderFallbackException e)
        {
            throw new BadInputException($"{path}, line {number}: not valid UTF-8; save the file as UTF-8", e);
        }
    }

    private static Example Parse(string line, string path, int number)
    {
        try
        {
            var example = JsonSerializer.Deserialize<Example>(line, RunJson.Line);
            if (string.IsNullOrWhiteSpace(example?.Prompt)) throw new BadInputException($"{path}, line {number}: no prompt");
            if (string.IsNullOrWhiteSpace(example.Response)) throw new BadInputException($"{path}, line {number}: no response");
            return example;
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}, line {number}: not a JSON object with prompt and response as text ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }
}
