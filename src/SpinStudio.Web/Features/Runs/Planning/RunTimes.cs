using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Runs.Planning;

/// <summary>Expected time of one kind of phase over the whole run.</summary>
public sealed record PhaseForecast(string Phase, double Seconds);

/// <param name="Basis">Where the figures come from, for people.</param>
/// <param name="Measured">From earlier runs on this machine; otherwise a guess.</param>
public sealed record TimeForecast(IReadOnlyList<PhaseForecast> Phases, double Seconds, bool Measured, string Basis);

/// <summary>Reckons how long a run will take: from the rates of earlier runs on this machine, by phase, in proportion to the model's size; else from a stated guess.</summary>
internal static class RunTimes
{
    /// <summary>Newest phases that are looked at.</summary>
    private const int Phases = 200;

    /// <summary>Floating-point operations a second and core that a machine is taken to sustain before anything was measured: in large products, and token by token.</summary>
    private const double GuessedTraining = 20e9, GuessedGeneration = 4e9;

    private const double GuessedSave = 2;

    public static async Task<TimeForecast> ForecastAsync(StudioDb db, Model model, RunWork work, CancellationToken cancellation)
    {
        var seen = await (
            from timing in db.PhaseTimings
            join run in db.Runs on timing.RunId equals run.Id
            join start in db.Models on run.ModelId equals start.Id
            where timing.FinishedAt != null && !timing.Broken && timing.Units > 0
            orderby timing.FinishedAt descending
            select new Seen(timing.Phase, timing.RunId, timing.StartedAt, timing.FinishedAt!.Value, timing.Units, timing.TokensPerSecond, start.Parameters)).Take(Phases).ToListAsync(cancellation);

        // Runs of the same size tell most; others are scaled.
        var same = seen.Where(one => one.Parameters == model.Parameters).ToList();
        var forecasts = new List<PhaseForecast>();
        var used = new HashSet<Guid>();
        var guessed = new List<string>();
        foreach (var phase in work.Phases)
        {
            var known = same.Where(one => one.Phase == phase.Phase).ToList();
            known = known.Count > 0 ? known : [.. seen.Where(one => one.Phase == phase.Phase)];
            if (Measured(known, phase, model.Parameters) is { } seconds)
            {
                used.UnionWith(known.Select(one => one.Run));
                forecasts.Add(new PhaseForecast(phase.Phase, seconds));
            }
            else
            {
                guessed.Add(phase.Phase);
                forecasts.Add(new PhaseForecast(phase.Phase, Guess(phase, model.Parameters)));
            }
        }

        return new TimeForecast(forecasts, forecasts.Sum(phase => phase.Seconds), guessed.Count == 0, Basis(used.Count, same.Count > 0, guessed.Count == work.Phases.Count));
    }

    /// <summary>Tokens at the median rate where rates were told, else units at the median time.</summary>
    private static double? Measured(List<Seen> seen, PhaseWork phase, long parameters)
    {
        var rates = phase.Phase == "evaluate" ? [] : seen.Where(one => one.TokensPerSecond > 0).Select(one => Scale(one) / one.TokensPerSecond).ToList();
        var times = seen.Select(one => Scale(one) * one.Seconds / one.Units).ToList();
        return rates.Count > 0 && phase.Tokens > 0 ? phase.Tokens * Median(rates) : times.Count > 0 ? phase.Units * Median(times) : null;

        double Scale(Seen one) => one.Parameters > 0 && parameters > 0 ? parameters / (double)one.Parameters : 1;
    }

    /// <summary>Two operations a parameter and token forward, four more backward.</summary>
    private static double Guess(PhaseWork phase, long parameters) => phase.Phase switch
    {
        "save" => GuessedSave * phase.Units,
        "train" => 6.0 * parameters * phase.Tokens / (GuessedTraining * Environment.ProcessorCount),
        "score" => 2.0 * parameters * phase.Tokens / (GuessedTraining * Environment.ProcessorCount),
        _ => 2.0 * parameters * phase.Tokens / (GuessedGeneration * Environment.ProcessorCount),
    };

    private static string Basis(int runs, bool same, bool allGuessed) => allGuessed
        ? string.Create(CultureInfo.InvariantCulture, $"A guess: nothing has been trained on this machine yet. Assumes {GuessedTraining / 1e9:0} GFLOP/s a core in training and {GuessedGeneration / 1e9:0} in generation.")
        : $"From the measured rates of {(runs == 1 ? "1 earlier run" : $"{runs} earlier runs")} on this machine{(same ? "" : ", scaled to this model's size")}.";

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private sealed record Seen(string Phase, Guid Run, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, long Units, double TokensPerSecond, long Parameters)
    {
        public double Seconds => (FinishedAt - StartedAt).TotalSeconds;
    }
}
