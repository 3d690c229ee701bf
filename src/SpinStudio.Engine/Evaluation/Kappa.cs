namespace SpinStudio.Engine.Evaluation;

/// <summary>How often two ratings of the same thing agree, and how much of that is more than chance.</summary>
/// <param name="Observed">Share of pairs of ratings that agree, with Wilson's interval; the count is of pairs of ratings.</param>
/// <param name="Value">κ = (observed − by chance) / (1 − by chance): 1 is full agreement, 0 is chance. Null without ratings, or where everybody says the same all the time.</param>
public sealed record Kappa(Estimate Observed, double? Value)
{
    /// <summary>Two raters who rated the same things (Cohen 1960). What is chance follows from how often each uses each category.</summary>
    /// <param name="ratings">Categories from 0: of the first rater, of the second.</param>
    public static Kappa Cohen(IReadOnlyCollection<(int First, int Second)> ratings)
    {
        ArgumentNullException.ThrowIfNull(ratings);
        double n = ratings.Count;
        var chance = ratings.GroupBy(rating => rating.First).Sum(group => group.Count() / n * ratings.Count(rating => rating.Second == group.Key) / n);
        return Of(ratings.Count(rating => rating.First == rating.Second), ratings.Count, chance);
    }

    /// <summary>
    /// Any number of raters, who need not be the same for each thing (Fleiss 1971; things with more ratings weigh by their pairs of ratings). Things with fewer than two ratings say nothing.
    /// Its pairs of ratings overlap where three or more rated one thing, so that the interval is a little narrow there.
    /// </summary>
    /// <param name="things">For each thing the category, from 0, that each of its raters chose.</param>
    public static Kappa Fleiss(IEnumerable<IReadOnlyCollection<int>> things)
    {
        ArgumentNullException.ThrowIfNull(things);
        var rated = things.Where(ratings => ratings.Count > 1).ToList();
        double ratings = rated.Sum(thing => thing.Count);
        var chance = rated.SelectMany(thing => thing).GroupBy(category => category).Sum(group => Math.Pow(group.Count() / ratings, 2));
        return Of(rated.Sum(thing => thing.GroupBy(category => category).Sum(group => Pairs(group.Count()))), rated.Sum(thing => Pairs(thing.Count)), chance);
    }

    private static int Pairs(int count) => count * (count - 1) / 2;

    private static Kappa Of(int agreeing, int count, double chance) =>
        new(Intervals.Rate(agreeing, count), count == 0 || chance > 1 - 1e-12 ? null : ((double)agreeing / count - chance) / (1 - chance));
}
