namespace SpinStudio.Engine.Evaluation;

/// <summary>McNemar's exact test of two models on the same held-out answers: only where they differ tells anything.</summary>
/// <param name="Count">Answers that both models gave and that carry an exact check.</param>
/// <param name="Gained">Passed by the later model only.</param>
/// <param name="Lost">Passed by the earlier one only.</param>
/// <param name="P">Two-sided: how often a fair coin is at least as uneven as Gained against Lost.</param>
/// <param name="Difference">Of the shares that pass, later minus earlier.</param>
/// <param name="Low">Lower end of its 95 % interval for paired shares (Wald), <paramref name="High"/> the upper.</param>
public sealed record PairedTest(int Count, int Gained, int Lost, double P, double Difference, double Low, double High)
{
    private const double Z = 1.959963984540054;

    /// <summary>Differences that chance alone would make less often than this are taken for real.</summary>
    public const double Level = 0.05;

    public bool Better => P < Level && Gained > Lost;

    public bool Worse => P < Level && Lost > Gained;

    /// <param name="answers">Whether each answer passed: by the earlier model, by the later one.</param>
    public static PairedTest Of(IEnumerable<(bool Earlier, bool Later)> answers)
    {
        var (count, gained, lost) = (0, 0, 0);
        foreach (var (earlier, later) in answers)
        {
            count++;
            gained += later && !earlier ? 1 : 0;
            lost += earlier && !later ? 1 : 0;
        }

        if (count == 0)
        {
            return new PairedTest(0, 0, 0, 1, 0, -1, 1);
        }

        double n = count, difference = (gained - lost) / n;
        var half = Z * Math.Sqrt(Math.Max(0, (gained + lost) - ((gained - lost) * (gained - lost) / n))) / n;
        return new PairedTest(count, gained, lost, Exact(gained, lost), difference, Math.Max(-1, difference - half), Math.Min(1, difference + half));
    }

    /// <summary>2·P(X ≤ min) for X ~ Binomial(gained + lost, ½), at most 1; summed in logarithms.</summary>
    private static double Exact(int gained, int lost)
    {
        var (trials, few) = (gained + lost, Math.Min(gained, lost));
        var (term, sum) = (-trials * Math.Log(2), 0.0);
        for (var k = 0; k <= few; k++)
        {
            sum += Math.Exp(term);
            term += Math.Log(trials - k) - Math.Log(k + 1);
        }

        return Math.Min(1, 2 * sum);
    }
}
