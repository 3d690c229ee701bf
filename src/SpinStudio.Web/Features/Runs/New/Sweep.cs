using System.Globalization;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>Several values for one setting.</summary>
/// <param name="Key">A setting that is a number, as in run.json.</param>
/// <param name="Values">As they are typed.</param>
public sealed record SweepAxis(string Key, IReadOnlyList<string> Values);

/// <param name="Run">What all runs have in common; its name becomes that of the group.</param>
public sealed record NewSweep(NewRun Run, IReadOnlyList<SweepAxis> Axes);

/// <summary>One run of a sweep.</summary>
/// <param name="Values">Key and value, in the order of the axes.</param>
public sealed record SweepRun(RunConfig Config, IReadOnlyList<SweepValue> Values);

public sealed record SweepValue(string Key, string Value);

/// <summary>Every combination of the values of up to two settings.</summary>
public static class Sweep
{
    public const int MostAxes = 2;
    public const int MostRuns = 24;

    private const int LongestName = 200;

    /// <exception cref="StudioException">A setting cannot be swept, a value cannot be used, or there would be too many runs.</exception>
    public static IReadOnlyList<SweepRun> Expand(RunConfig config, IReadOnlyList<SweepAxis> axes)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(axes);
        if (axes.Count is 0 or > MostAxes)
        {
            throw Refuse($"A sweep varies 1 to {MostAxes} settings (got {axes.Count}).");
        }

        if (axes.Select(axis => axis.Key).Distinct(StringComparer.Ordinal).Count() < axes.Count)
        {
            throw Refuse($"A sweep varies different settings (got {axes[0].Key} twice).");
        }

        List<SweepRun> runs = [new(config, [])];
        foreach (var axis in axes)
        {
            var (field, values) = Checked(axis);
            runs = [.. runs.SelectMany(run => values.Select(value => With(run, field, value))).Take(MostRuns + 1)];
        }

        return runs.Count <= MostRuns ? runs : throw Refuse($"A sweep starts at most {MostRuns} runs (these are {axes.Aggregate(1L, (count, axis) => count * Math.Max(1, axis.Values.Count))}); leave out some values.");
    }

    /// <summary>Values as people type them: separated by commas, semicolons or blanks.</summary>
    public static IReadOnlyList<string> Values(string text) =>
        string.IsNullOrWhiteSpace(text) ? [] : text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static (RunField Field, IReadOnlyList<string> Values) Checked(SweepAxis axis)
    {
        var field = RunField.All.FirstOrDefault(field => field.Key == axis.Key && field.IsNumber)
            ?? throw Refuse($"'{axis.Key}' cannot be swept; settings that are numbers can: {string.Join(", ", RunField.All.Where(field => field.IsNumber).Select(field => field.Key))}.");
        var values = axis.Values.Distinct(StringComparer.Ordinal).ToList();
        return values.Count is > 0 and <= MostRuns ? (field, values) : throw Refuse($"{axis.Key} needs 1 to {MostRuns} different values (got {values.Count}).");
    }

    private static SweepRun With(SweepRun run, RunField field, string value)
    {
        var form = new RunForm(run.Config);
        form.Set(field, value);
        if (form.Problems().FirstOrDefault() is { Value: { } problem })
        {
            throw Refuse($"{field.Key} = {value}: {problem}");
        }

        var values = run.Values.Append(new SweepValue(field.Key, value)).ToList();
        return new SweepRun(form.Config with { Name = run.Config.Name }, values);
    }

    /// <summary>The group's name with the values that make the run.</summary>
    internal static string NameOf(string group, SweepRun run)
    {
        var values = string.Join(", ", run.Values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{RunField.Named(value.Key).Label} {value.Value}")));
        var room = Math.Max(0, LongestName - values.Length - 3);
        return $"{(group.Length > room ? group[..room] : group)} · {values}";
    }

    private static StudioException Refuse(string message) => new(Refusal.Invalid, message);
}
