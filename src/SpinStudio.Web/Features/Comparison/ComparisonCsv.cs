using System.Globalization;
using System.Text;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Comparison;

/// <summary>A comparison as CSV: one row a setting, metric or measure; one column a run.</summary>
internal static class ComparisonCsv
{
    public static byte[] Of(RunComparison comparison)
    {
        var text = new StringBuilder();
        Row(["part", "key", .. comparison.Runs.Select(run => run.Name)]);
        foreach (var setting in comparison.Settings)
        {
            Row(["setting", setting.Key, .. setting.Values.Select(value => value ?? "")]);
        }

        foreach (var metric in comparison.Metrics)
        {
            Figures($"{metric.Name} last", metric.Values.Select(value => value?.Last));
            Figures($"{metric.Name} min", metric.Values.Select(value => value?.Min));
            Figures($"{metric.Name} max", metric.Values.Select(value => value?.Max));
            if (metric.Values.Any(value => value?.AtStep is not null))
            {
                Figures($"{metric.Name} at step", metric.Values.Select(value => value?.AtStep));
            }
        }

        foreach (var measure in comparison.Measures)
        {
            Figures($"held-out {measure.Key}", measure.Values.Select(value => value?.Value.Mean));
            Figures($"held-out {measure.Key} low", measure.Values.Select(value => value?.Value.Low));
            Figures($"held-out {measure.Key} high", measure.Values.Select(value => value?.Value.High));
            Figures($"held-out {measure.Key} against baseline", measure.Values.Select(value => value?.Against?.Mean));
            Figures($"held-out {measure.Key} against baseline low", measure.Values.Select(value => value?.Against?.Low));
            Figures($"held-out {measure.Key} against baseline high", measure.Values.Select(value => value?.Against?.High));
        }

        return Encoding.UTF8.GetBytes(text.ToString());

        void Row(IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(CsvCell.Text)).Append('\n');

        // A figure may begin with a minus: it is a number, not a formula.
        void Figures(string key, IEnumerable<double?> values) =>
            text.AppendJoin(',', [key.StartsWith("held-out", StringComparison.Ordinal) ? "held-out" : "metric", CsvCell.Text(key), .. values.Select(value => value?.ToString("R", CultureInfo.InvariantCulture) ?? "")]).Append('\n');
    }
}
