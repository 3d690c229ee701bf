namespace SpinStudio.Engine.Evaluation;

/// <summary>
/// Bradley–Terry strengths with 95 % percentile intervals. Groups are drawn with replacement (Efron 1979), because comparisons on one prompt resemble each other. A contestant that won
/// all of three comparisons would win in every draw, and its interval would be a point; so each pair that was compared adds a win for either side to what is drawn from, in the spirit
/// of Agresti and Coull (1998), and each draw moves the prior's centre by the prior's own spread, which is what is known where nothing was compared.
/// </summary>
public sealed class BradleyTerryBootstrap
{
    private readonly double[][] _draws;
    private readonly double[,] _games;

    private BradleyTerryBootstrap(BradleyTerry fit, double[][] draws, double[,] games) => (Fit, _draws, _games) = (fit, draws, games);

    /// <summary>The strengths of all comparisons.</summary>
    public BradleyTerry Fit { get; }

    /// <param name="seed">The same comparisons and seed give the same intervals.</param>
    public static BradleyTerryBootstrap Of(int contestants, IReadOnlyCollection<PairedComparison> comparisons, int resamples = 500, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        var groups = comparisons.GroupBy(comparison => comparison.Group).OrderBy(group => group.Key).Select(group => group.ToArray()).Concat(Doubts(comparisons)).ToArray();
        var random = new Random(seed);
        var draws = new double[resamples][];
        for (var draw = 0; draw < resamples; draw++)
        {
            var drawn = Enumerable.Range(0, groups.Length).SelectMany(_ => groups[random.Next(groups.Length)]);
            var centre = Enumerable.Range(0, contestants).Select(_ => BradleyTerry.PriorDeviation * Normal(random)).ToArray();
            var strengths = BradleyTerry.Fit(BradleyTerry.Wins(contestants, drawn), centre).Strengths;
            var mean = strengths.Average();
            draws[draw] = [.. strengths.Select(strength => strength - mean)];
        }

        var fit = BradleyTerry.Fit(BradleyTerry.Wins(contestants, comparisons));
        var games = new double[contestants, contestants];
        for (var i = 0; i < contestants; i++)
        {
            for (var j = 0; j < contestants; j++) games[i, j] = fit.Games(i, j);
        }

        return new BradleyTerryBootstrap(fit, draws, games);
    }

    /// <summary>θ against the mean of all contestants; the count is of its comparisons.</summary>
    public Estimate Strength(int contestant) =>
        Interval(Fit.Strengths[contestant], draw => draw[contestant], Enumerable.Range(0, Fit.Strengths.Count).Sum(other => _games[contestant, other]));

    /// <summary>θi − θj; the count is of the comparisons between the two. It also learns from comparisons with others.</summary>
    public Estimate Difference(int i, int j) => Interval(Fit.Strengths[i] - Fit.Strengths[j], draw => draw[i] - draw[j], _games[i, j]);

    /// <summary>Share of draws in which each contestant is stronger than the one before it in the list.</summary>
    public double Rising(IReadOnlyList<int> order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return _draws.Count(draw => Enumerable.Range(1, Math.Max(0, order.Count - 1)).All(k => draw[order[k]] > draw[order[k - 1]])) / (double)_draws.Length;
    }

    private Estimate Interval(double value, Func<double[], double> of, double games)
    {
        var sorted = _draws.Select(of).Order().ToArray();
        // The interval holds the estimate itself, which it might miss by a hair where the draws lean to one side.
        return new Estimate(value, Math.Min(value, Quantile(sorted, 0.025)), Math.Max(value, Quantile(sorted, 0.975)), (int)games);
    }

    /// <summary>A win for either side of each pair that was compared.</summary>
    private static IEnumerable<PairedComparison[]> Doubts(IReadOnlyCollection<PairedComparison> comparisons)
    {
        foreach (var (one, two) in comparisons.Select(comparison => (Math.Min(comparison.First, comparison.Second), Math.Max(comparison.First, comparison.Second))).Distinct().Order())
        {
            yield return [new PairedComparison(-1, one, two, 1)];
            yield return [new PairedComparison(-1, one, two, 0)];
        }
    }

    /// <summary>With linear interpolation (Hyndman and Fan's type 7).</summary>
    private static double Quantile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }

    /// <summary>Box and Muller (1958).</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
