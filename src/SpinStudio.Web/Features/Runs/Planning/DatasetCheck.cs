using System.Collections.Concurrent;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <summary>Repeats and overlap of an immutable dataset version, worked out once.</summary>
public sealed class DatasetCheck
{
    /// <summary>Rows that are compared; of a larger dataset the first ones.</summary>
    public const int RowsRead = 50_000;

    private const int MostKept = 64;

    private readonly ConcurrentDictionary<string, Lazy<Task<DatasetStatistics?>>> kept = new();

    /// <summary>Null when the file cannot be read; the template check says why.</summary>
    public Task<DatasetStatistics?> OfAsync(string dataset, string? heldOut)
    {
        if (kept.Count > MostKept)
        {
            kept.Clear();
        }

        return kept.GetOrAdd(dataset, _ => new Lazy<Task<DatasetStatistics?>>(() => Task.Run(() => Check(dataset, heldOut)))).Value;
    }

    private static DatasetStatistics? Check(string dataset, string? heldOut)
    {
        try
        {
            return DatasetStatistics.Of(DatasetReader.Read(dataset).Take(RowsRead), heldOut is null ? null : DatasetReader.Read(heldOut).Take(RowsRead));
        }
        catch (Exception unreadable) when (unreadable is BadInputException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
