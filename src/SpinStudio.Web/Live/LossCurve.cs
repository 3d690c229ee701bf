using System.Globalization;

namespace SpinStudio.Web.Live;

/// <summary>A curve as a short text that grows with the run: every n-th value; when there are too many, every other one goes and n doubles.</summary>
internal static class LossCurve
{
    private const int Most = 64;

    /// <param name="text">What was kept so far; null at the start.</param>
    /// <param name="index">How many values came before.</param>
    /// <param name="value">Null where it was not finite.</param>
    public static string Append(string? text, long index, double? value)
    {
        var (stride, values) = Parse(text);
        if (index % stride != 0)
        {
            return text!;
        }

        values.Add(value);
        if (values.Count > Most)
        {
            values = [.. values.Where((_, i) => i % 2 == 0)];
            stride *= 2;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{stride}:{string.Join(',', values.Select(v => v?.ToString("G4", CultureInfo.InvariantCulture)))}");
    }

    /// <summary>The kept values in order; null is a gap.</summary>
    public static IReadOnlyList<double?> Values(string? text) => Parse(text).Values;

    private static (long Stride, List<double?> Values) Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return (1, []);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return (long.Parse(text.AsSpan(0, colon), CultureInfo.InvariantCulture),
            [.. text[(colon + 1)..].Split(',').Select(cell => cell.Length == 0 ? (double?)null : double.Parse(cell, CultureInfo.InvariantCulture))]);
    }
}
