namespace SpinStudio.Engine.Evaluation;

/// <summary>One comparison of two contestants.</summary>
/// <param name="Group">Comparisons of one group, such as those on one prompt, are drawn together.</param>
/// <param name="Score">1: the first won; 0: the second; ½: neither.</param>
public readonly record struct PairedComparison(int Group, int First, int Second, double Score);

/// <summary>
/// Strengths θ of contestants from comparisons of two: P(i beats j) = 1 / (1 + exp(θj − θi)) (Bradley and Terry 1952). Fitted by Newton's method to the largest
/// posterior under a normal prior of standard deviation <see cref="PriorDeviation"/> on each θ. The prior weighs as much as one even comparison a contestant: it
/// keeps whoever won every time from running off to infinity, and is soon forgotten.
/// </summary>
public sealed class BradleyTerry
{
    /// <summary>Its precision, ¼, is the information of one comparison between equals, p·(1 − p).</summary>
    public const double PriorDeviation = 2;

    private const double Precision = 1 / (PriorDeviation * PriorDeviation);
    private const int MostSteps = 50;
    private const double Enough = 1e-10;

    private readonly double[,] _games;
    private readonly Lazy<Cholesky> _information;

    private BradleyTerry(double[,] games, double[] strengths)
    {
        (_games, Strengths) = (games, strengths);
        _information = new Lazy<Cholesky>(() => new Cholesky(Information(games, strengths)));
    }

    /// <summary>[contestants] in nats of log-odds; they sum to 0 unless the prior's centre does not.</summary>
    public IReadOnlyList<double> Strengths { get; }

    /// <param name="wins">[contestants, contestants]: how often the row beat the column; a tie is half a win for each.</param>
    /// <param name="centre">Mean of the prior for each contestant; null: 0.</param>
    public static BradleyTerry Fit(double[,] wins, IReadOnlyList<double>? centre = null)
    {
        ArgumentNullException.ThrowIfNull(wins);
        var size = wins.GetLength(0);
        var games = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++) games[i, j] = i == j ? 0 : wins[i, j] + wins[j, i];
        }

        centre ??= new double[size];
        double[] strengths = [.. centre];
        var height = Posterior(wins, strengths, centre);
        for (var step = 0; step < MostSteps; step++)
        {
            var change = new Cholesky(Information(games, strengths)).Solve(Gradient(wins, games, strengths, centre));
            if (change.Max(Math.Abs) < Enough) break;
            // A full step can overshoot where nearly everything was won; the posterior has one peak, so half of it will do.
            for (var share = 1.0; share > 1e-6; share /= 2)
            {
                var next = strengths.Zip(change, (strength, by) => strength + share * by).ToArray();
                var reached = Posterior(wins, next, centre);
                if (reached < height) continue;
                (strengths, height) = (next, reached);
                break;
            }
        }

        return new BradleyTerry(games, strengths);
    }

    /// <summary>[contestants, contestants]: how often the row beat the column, a tie as half a win for each.</summary>
    public static double[,] Wins(int contestants, IEnumerable<PairedComparison> comparisons)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        var wins = new double[contestants, contestants];
        foreach (var comparison in comparisons)
        {
            wins[comparison.First, comparison.Second] += comparison.Score;
            wins[comparison.Second, comparison.First] += 1 - comparison.Score;
        }

        return wins;
    }

    /// <summary>P(i beats j).</summary>
    public double Expected(int i, int j) => Logistic(Strengths[i] - Strengths[j]);

    /// <summary>Variance of θi − θj by the posterior's curvature (Laplace), in nats².</summary>
    public double Variance(int i, int j)
    {
        var between = new double[Strengths.Count];
        (between[i], between[j]) = (1, -1);
        var solved = _information.Value.Solve(between);
        return solved[i] - solved[j];
    }

    /// <summary>What one more comparison of the two is expected to tell, in nats: ½·ln(1 + v·p·(1 − p)), large where their difference is uncertain and the outcome open.</summary>
    public double Gain(int i, int j)
    {
        var p = Expected(i, j);
        return 0.5 * Math.Log(1 + Variance(i, j) * p * (1 - p));
    }

    /// <summary>Comparisons of the two, ties included.</summary>
    public double Games(int i, int j) => _games[i, j];

    private static double Posterior(double[,] wins, double[] strengths, IReadOnlyList<double> centre)
    {
        var sum = 0.0;
        for (var i = 0; i < strengths.Length; i++)
        {
            sum -= 0.5 * Precision * Math.Pow(strengths[i] - centre[i], 2);
            for (var j = 0; j < strengths.Length; j++)
            {
                // ln σ(d) without overflow.
                var d = strengths[i] - strengths[j];
                if (i != j && wins[i, j] > 0) sum += wins[i, j] * (Math.Min(d, 0) - Math.Log(1 + Math.Exp(-Math.Abs(d))));
            }
        }

        return sum;
    }

    private static double[] Gradient(double[,] wins, double[,] games, double[] strengths, IReadOnlyList<double> centre)
    {
        var gradient = new double[strengths.Length];
        for (var i = 0; i < strengths.Length; i++)
        {
            gradient[i] = -Precision * (strengths[i] - centre[i]);
            for (var j = 0; j < strengths.Length; j++)
            {
                if (i != j) gradient[i] += wins[i, j] - games[i, j] * Logistic(strengths[i] - strengths[j]);
            }
        }

        return gradient;
    }

    /// <summary>The negative Hessian: positive definite thanks to the prior.</summary>
    private static double[,] Information(double[,] games, double[] strengths)
    {
        var size = strengths.Length;
        var information = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            information[i, i] += Precision;
            for (var j = 0; j < i; j++)
            {
                var p = Logistic(strengths[i] - strengths[j]);
                var weight = games[i, j] * p * (1 - p);
                information[i, i] += weight;
                information[j, j] += weight;
                information[i, j] -= weight;
                information[j, i] -= weight;
            }
        }

        return information;
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
}
