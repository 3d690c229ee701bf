using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Insights;

/// <summary>How well a score tells human from generated answers: the area under the ROC curve.</summary>
public static class Auc
{
    /// <summary>The normal distribution's 97.5 % point.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>
    /// The probability that a random human answer scores higher than a random generated one, ties counting one half, with its 95 % interval. The two answers of a pair
    /// belong to one prompt and are not independent: the variance is the one for clusters (Obuchowski 1997, Biometrics 53, eq. 2), each prompt's pair one cluster.
    /// </summary>
    /// <param name="human">Scores of the human answers.</param>
    /// <param name="generated">Scores of the generated ones, pair by pair in the same order.</param>
    public static Estimate Of(IReadOnlyList<double> human, IReadOnlyList<double> generated)
    {
        ArgumentNullException.ThrowIfNull(human);
        ArgumentNullException.ThrowIfNull(generated);
        var n = human.Count;
        if (generated.Count != n)
        {
            throw new ArgumentException($"Scores come in pairs; got {n} human and {generated.Count} generated ones.");
        }

        if (n == 0)
        {
            return new Estimate(0.5, 0, 1, 0);
        }

        var (sortedHuman, sortedGenerated) = (human.Order().ToArray(), generated.Order().ToArray());
        var above = human.Select(score => Below(sortedGenerated, score)).ToArray();
        var below = generated.Select(score => 1 - Below(sortedHuman, score)).ToArray();
        var area = above.Average();
        var squares = above.Zip(below, (over, under) => Math.Pow(over - area + (under - area), 2)).Sum();
        var half = n > 1 ? Z * Math.Sqrt(squares / ((double)n * (n - 1))) : 0.5;
        return new Estimate(area, Math.Max(0, area - half), Math.Min(1, area + half), n);
    }

    /// <summary>Share of values below a score, equal ones counting one half.</summary>
    private static double Below(double[] sorted, double score)
    {
        var less = First(sorted, value => value >= score);
        var notMore = First(sorted, value => value > score);
        return (less + ((notMore - less) / 2.0)) / sorted.Length;
    }

    /// <summary>Index of the first value for which the condition holds; it holds for all after it.</summary>
    private static int First(double[] sorted, Func<double, bool> holds)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = holds(sorted[middle]) ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
