namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Lengths of a text column, in characters.</summary>
/// <param name="Buckets">How many texts are at most as long as the bound at the same place of <see cref="LengthStatistics.Bounds"/> and longer than the one before; the last counts all longer ones.</param>
public sealed record LengthStatistics(double Mean, int Max, IReadOnlyList<int> Buckets)
{
    /// <summary>Upper bounds of the buckets.</summary>
    public static IReadOnlyList<int> Bounds { get; } = [50, 100, 200, 500, 1000, 2000, 5000, 10_000];
}

/// <summary>What a dataset is like.</summary>
/// <param name="Rows">Valid rows.</param>
/// <param name="DuplicatePrompts">Rows whose prompt stood in an earlier row.</param>
public sealed record DatasetStatistics(int Rows, int DuplicatePrompts, LengthStatistics Prompt, LengthStatistics Response);

/// <summary>Gathers statistics row by row; keeps 8 bytes a row to know duplicates.</summary>
internal sealed class StatisticsGathering
{
    private readonly HashSet<ulong> _promptIds = [];
    private readonly Lengths _prompt = new();
    private readonly Lengths _response = new();
    private int _rows;

    public void Add(Example example)
    {
        _rows++;
        _promptIds.Add(Convert.ToUInt64(example.PromptId, 16));
        _prompt.Add(example.Prompt.Length);
        _response.Add(example.Response.Length);
    }

    public DatasetStatistics Statistics => new(_rows, _rows - _promptIds.Count, _prompt.Statistics(_rows), _response.Statistics(_rows));

    private sealed class Lengths
    {
        private readonly int[] _buckets = new int[LengthStatistics.Bounds.Count + 1];
        private long _sum;
        private int _max;

        public void Add(int length)
        {
            _sum += length;
            _max = Math.Max(_max, length);
            _buckets[LengthStatistics.Bounds.TakeWhile(bound => length > bound).Count()]++;
        }

        public LengthStatistics Statistics(int rows) => new(rows == 0 ? 0 : (double)_sum / rows, _max, [.. _buckets]);
    }
}
