using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Datasets;

/// <summary>What a search found before it ended or its time was up.</summary>
/// <param name="Rows">Numbers of the rows that contain the text, from 0, with the rows.</param>
/// <param name="Next">Row to go on from; null when all rows were looked at.</param>
public sealed record RowMatches(IReadOnlyList<(int Row, Example Example)> Rows, int? Next);

/// <summary>Looks for a text in prompts, answers and system messages, whatever the case, for a bounded time.</summary>
public static class RowSearch
{
    /// <param name="from">First row to look at, from 0.</param>
    /// <param name="most">Matches after which it ends.</param>
    /// <param name="time">After which it ends, between two rows.</param>
    public static RowMatches Find(string dataset, string text, int from, int most, TimeSpan time, CancellationToken cancellation = default)
    {
        var watch = Stopwatch.StartNew();
        var found = new List<(int, Example)>();
        var row = from;
        // Such a text stands in a line of JSON as it is, so that a line without it need not be parsed.
        var verbatim = text.All(c => c is >= ' ' and <= '~' and not '"' and not '\\');
        foreach (var line in RowIndex.Read(dataset, from))
        {
            cancellation.ThrowIfCancellationRequested();
            if (found.Count >= most || watch.Elapsed > time)
                return new RowMatches(found, row);
            if (!verbatim || Contains(Encoding.UTF8.GetString(line.Span)))
            {
                var example = JsonSerializer.Deserialize<Example>(line.Span, RunJson.Line)!;
                if (Contains(example.Prompt) || Contains(example.Response) || Contains(example.System) || Contains(example.Rejected))
                    found.Add((row, example));
            }
            row++;
        }
        return new RowMatches(found, null);

        bool Contains(string? part) => part?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;
    }
}
