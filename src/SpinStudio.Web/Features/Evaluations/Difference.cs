using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Evaluations;

/// <summary>How far one model's held-out figure lies from another's, with its 95 % interval.</summary>
/// <param name="Count">Prompts behind it; for an unpaired comparison the smaller of the two counts.</param>
/// <param name="Paired">Both answered the same prompts, so that easy and hard prompts cancel out.</param>
public sealed record Difference(double Mean, double Low, double High, int Count, bool Paired)
{
    /// <summary>The interval leaves out 0.</summary>
    public bool Distinguishable => Low > 0 || High < 0;

    /// <summary>The normal distribution's 97.5 % point.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>
    /// Second minus first of pass rates over the same prompts: Agresti and Min's interval (2005), which adds half a prompt to each of the four outcomes, so that
    /// a handful of prompts that all agree does not look like certainty. Rates between 0 and 1 (several answers to a prompt) are treated alike.
    /// </summary>
    /// <returns>Null without prompts.</returns>
    public static Difference? OfPairs(IReadOnlyCollection<(double First, double Second)> prompts)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        if (prompts.Count == 0)
        {
            return null;
        }

        var sum = prompts.Sum(prompt => prompt.Second - prompt.First);
        var squares = prompts.Sum(prompt => Math.Pow(prompt.Second - prompt.First, 2));
        double n = prompts.Count + 2;
        var centre = sum / n;
        var half = Z * Math.Sqrt(Math.Max(0, ((squares + 1) / n) - (centre * centre)) / n);
        return new Difference(sum / prompts.Count, Math.Max(-1, centre - half), Math.Min(1, centre + half), prompts.Count, Paired: true);
    }

    /// <summary>Second minus first of two independent estimates, from their own intervals (Zou and Donner 2008; for rates it is Newcombe's hybrid score interval).</summary>
    public static Difference Of(Estimate first, Estimate second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var mean = second.Mean - first.Mean;
        return new Difference(
            mean, mean - Hypotenuse(second.Mean - second.Low, first.High - first.Mean), mean + Hypotenuse(second.High - second.Mean, first.Mean - first.Low),
            Math.Min(first.Count, second.Count), Paired: false);
    }

    private static double Hypotenuse(double a, double b) => Math.Sqrt((a * a) + (b * b));
}
