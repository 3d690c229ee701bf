using System.Numerics;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Datasets;

/// <summary>A bar of a drawn histogram.</summary>
/// <param name="From">Shortest length in it.</param>
/// <param name="To">Longest length in it; null: all that are longer.</param>
public sealed record LengthBar(int From, int? To, int Count);

/// <summary>
/// How often each length occurs. Lengths up to 2,048 are counted one by one, longer ones in steps of at most a thousandth of themselves whose ends are the round
/// binary numbers that limits usually are; so any question about a limit can be answered later, in a few kilobytes however many texts there were.
/// </summary>
public sealed record LengthHistogram
{
    private static readonly int[] RoundSteps = [1, 2, 5, 10];

    /// <summary>Longest length of each step that occurs, ascending.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Texts of the step at the same place of <see cref="Lengths"/>.</summary>
    public required IReadOnlyList<int> Counts { get; init; }

    public required int Shortest { get; init; }

    public required int Longest { get; init; }

    /// <summary>Sum of all lengths.</summary>
    public required long Sum { get; init; }

    /// <summary>Texts counted.</summary>
    [JsonIgnore]
    public int Count => Counts.Sum();

    /// <summary>0 when nothing was counted.</summary>
    [JsonIgnore]
    public double Mean => Counts.Count == 0 ? 0 : (double)Sum / Count;

    [JsonIgnore]
    public int Median => Quantile(0.5);

    /// <summary>The length that the given share of texts does not exceed (nearest rank); 0 when nothing was counted.</summary>
    /// <param name="share">0 to 1.</param>
    public int Quantile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < Counts.Count; i++)
        {
            if ((seen += Counts[i]) >= rank)
                return Math.Min(Lengths[i], Longest);
        }
        return Longest;
    }

    /// <summary>Texts longer than a limit. Exact for limits up to 2,048 and for larger ones that are multiples of a thousandth of themselves, as powers of two are.</summary>
    public int Longer(int limit) => Lengths.Zip(Counts).Where(step => Math.Min(step.First, Longest) > limit).Sum(step => step.Second);

    /// <summary>Bars of one width, a round number, that end near the 99th percentile; the last one holds whatever is longer.</summary>
    /// <param name="most">Most bars, without the last.</param>
    public IReadOnlyList<LengthBar> Bars(int most = 24)
    {
        if (Counts.Count == 0)
            return [];
        var width = RoundUp((Quantile(0.99) + 1.0) / most);
        var end = ((Quantile(0.99) / width) + 1) * width;
        var bars = new int[end / width];
        var longer = 0;
        foreach (var (length, count) in Lengths.Zip(Counts))
        {
            if (Math.Min(length, Longest) < end)
                bars[Math.Min(length, Longest) / width] += count;
            else
                longer += count;
        }
        var drawn = bars.Select((count, i) => new LengthBar(i * width, ((i + 1) * width) - 1, count));
        return [.. longer > 0 ? drawn.Append(new LengthBar(end, null, longer)) : drawn];
    }

    /// <summary>The next of 1, 2, 5, 10, 20, 50, …</summary>
    private static int RoundUp(double width)
    {
        var power = (int)Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, width))));
        return RoundSteps.Select(step => step * power).First(step => step >= width);
    }
}

/// <summary>Counts lengths for a <see cref="LengthHistogram"/>.</summary>
internal sealed class LengthCounting
{
    /// <summary>Steps of one, and then steps to each doubling.</summary>
    private const int Fine = 2048, PerDoubling = Fine / 2;

    private int[] _counts = new int[Fine];
    private int _shortest = int.MaxValue;
    private int _longest;
    private long _sum;

    public void Add(int length)
    {
        var step = StepOf(length);
        if (step >= _counts.Length)
            Array.Resize(ref _counts, Math.Max(step + 1, _counts.Length + PerDoubling));
        _counts[step]++;
        _sum += length;
        _shortest = Math.Min(_shortest, length);
        _longest = Math.Max(_longest, length);
    }

    public LengthHistogram Histogram()
    {
        var steps = Enumerable.Range(0, _counts.Length).Where(step => _counts[step] > 0).ToList();
        return new LengthHistogram
        {
            Lengths = [.. steps.Select(EndOf)],
            Counts = [.. steps.Select(step => _counts[step])],
            Shortest = steps.Count == 0 ? 0 : _shortest,
            Longest = _longest,
            Sum = _sum,
        };
    }

    /// <summary>Step 0 is the empty text; the others are counted from length 1, so that a step ends at a round number and not just below it.</summary>
    private static int StepOf(int length)
    {
        var above = length - 1;
        if (above < Fine)
            return length;
        var shift = BitOperations.Log2((uint)above) - BitOperations.Log2(PerDoubling);
        return 1 + Fine + ((shift - 1) * PerDoubling) + ((above >> shift) - PerDoubling);
    }

    /// <summary>The longest length of a step.</summary>
    private static int EndOf(int step)
    {
        if (step <= Fine)
            return step;
        var (doubling, place) = Math.DivRem(step - 1 - Fine, PerDoubling);
        return (place + PerDoubling + 1) << (doubling + 1);
    }
}
