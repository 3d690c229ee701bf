using System.Globalization;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Insights;

/// <summary>What the margin of an iteration is made of.</summary>
public enum MarginSource
{
    /// <summary>Too few steps, or an interval of the margin that includes 0.</summary>
    Unclear,

    /// <summary>Human answers became likelier, generated ones hardly less likely.</summary>
    RealRises,

    /// <summary>Both.</summary>
    Both,

    /// <summary>Generated answers became less likely, human ones stayed about where they were.</summary>
    GeneratedFalls,

    /// <summary>Human answers became less likely too, only generated ones more so.</summary>
    BothFall,
}

/// <summary>
/// Splits the margin at the end of an iteration into what human answers gained and what generated ones lost, against the model that opened the iteration. A reward
/// is β·(log π − log π_opening) on the same answers, so it measures that change without the noise of which answers are in the batch.
/// </summary>
/// <param name="Real">Mean implicit reward of the human answers over the last steps, with the interval of a mean of steps.</param>
/// <param name="Generated">The same of the generated ones.</param>
/// <param name="RealNats">Change of log p of a whole human answer since the iteration began, in nats: reward / β.</param>
/// <param name="Alarm">log p of the human answers is below the opening model's: the interval of <paramref name="Real"/> lies under 0.</param>
public sealed record RewardAnatomy(int Iteration, Estimate Real, Estimate Generated, Estimate Margin, double RealNats, double GeneratedNats, MarginSource Source, bool Alarm, string Sentence)
{
    /// <summary>Fewest steps for which anything is said.</summary>
    public const int Fewest = 5;

    /// <summary>Below this share of the margin a side counts as unchanged.</summary>
    private const double Hardly = 0.15;

    /// <summary>Steps at the end of an iteration that count: the last tenth, at least <see cref="Fewest"/>.</summary>
    public static int Window(int steps) => EndedIteration.LastSteps(steps);

    /// <param name="real">Rewards of the last steps, oldest first.</param>
    public static RewardAnatomy Of(int iteration, double beta, IReadOnlyList<double> real, IReadOnlyList<double> generated)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(generated);
        var (human, own) = (Intervals.Mean([.. real]), Intervals.Mean([.. generated]));
        var margin = Intervals.Mean([.. real.Zip(generated, (r, g) => r - g)]);
        var source = Judge(human, own, margin);
        var alarm = margin.Count >= Fewest && human.High < 0;
        return new RewardAnatomy(iteration, human, own, margin, human.Mean / beta, own.Mean / beta, source, alarm, Say(source, human, own, margin, beta));
    }

    private static MarginSource Judge(Estimate real, Estimate generated, Estimate margin)
    {
        if (margin.Count < Fewest || margin.Low <= 0)
        {
            return MarginSource.Unclear;
        }

        var (gained, lost) = (real.Mean / margin.Mean, -generated.Mean / margin.Mean);
        return gained < -Hardly || real.High < 0 ? MarginSource.BothFall
            : gained < Hardly ? MarginSource.GeneratedFalls
            : lost < Hardly ? MarginSource.RealRises
            : MarginSource.Both;
    }

    private static string Say(MarginSource source, Estimate real, Estimate generated, Estimate margin, double beta)
    {
        var size = string.Create(CultureInfo.InvariantCulture, $"margin {margin.Mean:0.000} ({margin.Low:0.000} to {margin.High:0.000}, n = {margin.Count} steps)");
        var nats = string.Create(CultureInfo.InvariantCulture, $"log p of a human answer {Signed(real.Mean / beta)} nats, of a generated one {Signed(generated.Mean / beta)}");
        return source switch
        {
            MarginSource.RealRises => $"The margin grows because human answers became likelier: {size}; {nats}.",
            MarginSource.Both => $"The margin grows from both sides: {size}; {nats}.",
            MarginSource.GeneratedFalls => $"The margin grows because generated answers became less likely; human ones stay where they were: {size}; {nats}.",
            MarginSource.BothFall => $"The margin grows although human answers became less likely: generated ones fall faster: {size}; {nats}.",
            _ when margin.Count < Fewest => $"Too few steps to tell ({margin.Count} of at least {Fewest}).",
            _ => $"No margin can be told from 0 yet: {size}.",
        };
    }

    private static string Signed(double value) => (value < 0 ? "−" : "+") + Math.Abs(value).ToString(Math.Abs(value) < 1 ? "0.00" : "0.0", CultureInfo.InvariantCulture);
}
