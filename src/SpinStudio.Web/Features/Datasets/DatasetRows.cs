using System.Text;
using System.Text.Json;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Rows of a dataset version by place, as they are written, and by what they contain. Quick whatever the size: rows are found by an index of the file.</summary>
public sealed class DatasetRows(DatasetVersions versions)
{
    private const int LargestPage = 500, LongestSearch = 200, MostMatches = 100;

    /// <summary>After which a search tells how far it is and where to go on.</summary>
    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(1.5);

    /// <param name="skip">Rows before the page; beyond the end the page is empty.</param>
    /// <param name="version">Null: the newest.</param>
    /// <param name="heldOut">Of the held-out rows instead of the training rows.</param>
    public async Task<Page<DatasetRow>> PageAsync(Guid id, int skip, int take, int? version = null, bool heldOut = false, CancellationToken cancellation = default)
    {
        var (file, total) = await versions.FileAsync(id, version, heldOut, cancellation);
        var first = Math.Max(0, skip);
        return await ReadAsync(() => new Page<DatasetRow>(
            [.. RowIndex.Read(file, first).Take(Math.Clamp(take, 1, LargestPage)).Select((line, i) => Row(first + i, JsonSerializer.Deserialize<Example>(line.Span, RunJson.Line)!))], total));
    }

    /// <summary>The line of a row as it is in the file.</summary>
    /// <param name="number">From 1.</param>
    public async Task<string> RawAsync(Guid id, int number, int? version = null, bool heldOut = false, CancellationToken cancellation = default)
    {
        var (file, total) = await versions.FileAsync(id, version, heldOut, cancellation);
        return number >= 1 && number <= total
            ? await ReadAsync(() => RowIndex.Read(file, number - 1).Select(line => Encoding.UTF8.GetString(line.Span)).First())
            : throw new StudioException(Refusal.NotFound, $"There is no row {number}; the rows are 1 to {total}.");
    }

    /// <summary>Rows whose prompt, answer or system message contains a text, whatever the case. Ends after some matches or some time and says where to go on.</summary>
    /// <param name="from">First row to look at, from 1.</param>
    public async Task<DatasetMatches> SearchAsync(Guid id, string? text, int from = 1, int take = 50, int? version = null, bool heldOut = false, CancellationToken cancellation = default)
    {
        var (file, total) = await versions.FileAsync(id, version, heldOut, cancellation);
        var sought = text?.Trim() ?? "";
        if (sought.Length is 0 or > LongestSearch)
        {
            throw new StudioException(Refusal.Invalid, $"Search for 1 to {LongestSearch} characters (got {sought.Length}).");
        }

        var first = Math.Clamp(from, 1, total + 1);
        var found = await ReadAsync(() => RowSearch.Find(file, sought, first - 1, Math.Clamp(take, 1, MostMatches), SearchTime, cancellation));
        return new DatasetMatches([.. found.Rows.Select(match => Row(match.Row, match.Example))], found.Next + 1, found.Next ?? total, total);
    }

    private static DatasetRow Row(int place, Example example) => new(place + 1, example.PromptId, example.System, example.Prompt, example.Response);

    /// <summary>Off the caller's thread: the disk may be slow, and a search takes its time.</summary>
    private static async Task<T> ReadAsync<T>(Func<T> read)
    {
        try
        {
            return await Task.Run(read);
        }
        catch (BadInputException)
        {
            throw new StudioException(Refusal.NotFound, "The rows of this version are no longer on disk.");
        }
    }
}
