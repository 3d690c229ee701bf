using System.Collections.Concurrent;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <param name="WithoutRejected">Rows, held-out ones too, that have no rejected answer.</param>
public sealed record DatasetFacts(DatasetStatistics Statistics, int WithoutRejected);

/// <summary>Repeats, overlap and preferences of an immutable dataset version, worked out once.</summary>
public sealed class DatasetCheck
{
    /// <summary>Rows that are compared; of a larger dataset the first ones.</summary>
    public const int RowsRead = 50_000;

    private const int MostKept = 64;

    private readonly ConcurrentDictionary<string, Lazy<Task<DatasetFacts?>>> kept = new();

    /// <summary>Null when the file cannot be read; the template check says why.</summary>
    public Task<DatasetFacts?> OfAsync(string dataset, string? heldOut)
    {
        if (kept.Count > MostKept)
        {
            kept.Clear();
        }

        return kept.GetOrAdd(dataset, _ => new Lazy<Task<DatasetFacts?>>(() => Task.Run(() => Check(dataset, heldOut)))).Value;
    }

    private static DatasetFacts? Check(string dataset, string? heldOut)
    {
        try
        {
            var without = 0;
            var statistics = DatasetStatistics.Of(Rows(dataset), heldOut is null ? null : Rows(heldOut));
            return new DatasetFacts(statistics, without);

            IEnumerable<Example> Rows(string file) => DatasetReader.Read(file).Take(RowsRead).Select(row =>
            {
                without += string.IsNullOrWhiteSpace(row.Rejected) ? 1 : 0;
                return row;
            });
        }
        catch (Exception unreadable) when (unreadable is BadInputException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
