using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Web.Features.Insights;

namespace SpinStudio.Web.Features.Judging;

/// <summary>A pair of answers to a prompt, and what the judge said of it in both orders.</summary>
/// <param name="FirstLength">Characters of the first source's answer.</param>
/// <param name="Straight">With the first one's answer shown as A; null while it was not asked.</param>
/// <param name="Turned">With the second one's answer shown as A.</param>
public sealed record JudgedOutcome(int FirstLength, int SecondLength, VerdictOutcome? Straight, VerdictOutcome? Turned)
{
    /// <summary>Both verdicts are there and can be read.</summary>
    public bool Known => IsVerdict(Straight) && IsVerdict(Turned);

    /// <summary>The verdict changed when the answers changed places.</summary>
    public bool Flipped => Known && Straight != Turned;

    /// <summary>Two verdicts that differ are a tie; null while it is not known.</summary>
    public VerdictOutcome? Outcome => !Known ? null : Flipped ? VerdictOutcome.Tie : Straight;

    private static bool IsVerdict(VerdictOutcome? outcome) => outcome is VerdictOutcome.First or VerdictOutcome.Second or VerdictOutcome.Tie;
}

/// <summary>What can be said of a judge's verdicts, and of the judge.</summary>
public static class JudgeStatistics
{
    private const int FewestForLength = 10, Resamples = 300, Seed = 1;

    /// <summary>Share of pairs won by the first, a tie being half a win, with Wilson's interval.</summary>
    public static Estimate WinRate(IReadOnlyCollection<JudgedOutcome> pairs)
    {
        var known = pairs.Where(pair => pair.Known).ToList();
        return Intervals.Rate(known.Sum(Points), known.Count);
    }

    /// <summary>Share of known pairs in which the order changed the verdict.</summary>
    public static Estimate Flips(IReadOnlyCollection<JudgedOutcome> pairs) => Intervals.Rate(pairs.Count(pair => pair.Flipped), pairs.Count(pair => pair.Known));

    /// <summary>Among pairs that were decided and whose answers differ in length: share decided for the longer one. One half is no bias, if neither side is better for another reason.</summary>
    public static Estimate Longer(IReadOnlyCollection<JudgedOutcome> pairs)
    {
        var decided = pairs.Where(pair => pair.Outcome is VerdictOutcome.First or VerdictOutcome.Second && pair.FirstLength != pair.SecondLength).ToList();
        return Intervals.Rate(decided.Count(pair => pair.Outcome == VerdictOutcome.First == pair.FirstLength > pair.SecondLength), decided.Count);
    }

    /// <summary>
    /// Win-rate of the first at equal lengths: logistic regression of its wins on the difference in length, read at difference 0 (after Dubois et al. 2024). A tie counts as half a win and
    /// half a loss. The interval is a bootstrap's over prompts, from the 2.5th to the 97.5th percentile.
    /// </summary>
    /// <returns>Null with fewer than ten known pairs, or when lengths never differ.</returns>
    public static Estimate? LengthControlled(IReadOnlyCollection<JudgedOutcome> pairs)
    {
        var known = pairs.Where(pair => pair.Known).ToList();
        if (known.Count < FewestForLength || known.TrueForAll(pair => pair.FirstLength == pair.SecondLength))
        {
            return null;
        }

        // Which pairs are drawn is no secret: the same verdicts give the same interval.
#pragma warning disable CA5394
        var random = new Random(Seed);
        var drawn = Enumerable.Range(0, Resamples).Select(_ => AtEqualLength([.. known.Select(_ => known[random.Next(known.Count)])])).Order().ToList();
#pragma warning restore CA5394
        return new Estimate(AtEqualLength(known), drawn[(int)(0.025 * Resamples)], drawn[(int)(0.975 * Resamples)], known.Count);
    }

    private static double AtEqualLength(List<JudgedOutcome> pairs)
    {
        // Each pair twice, so that a tie can be one win and one loss.
        var rows = pairs.SelectMany(pair => Enumerable.Repeat(new double[] { pair.FirstLength - pair.SecondLength }, 2)).ToList();
        var wins = pairs.SelectMany(pair => new[] { pair.Outcome != VerdictOutcome.Second, pair.Outcome == VerdictOutcome.First }).ToList();
        return 1 / (1 + Math.Exp(-LogisticRegression.Fit(rows, wins).Score([0])));
    }

    private static double Points(JudgedOutcome pair) => pair.Outcome switch
    {
        VerdictOutcome.First => 1,
        VerdictOutcome.Tie => 0.5,
        _ => 0,
    };
}
