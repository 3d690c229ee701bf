using System.Globalization;

namespace SpinStudio.Web.Components;

/// <summary>Figures as people read them.</summary>
internal static class Format
{
    /// <summary>Bytes in decimal units, as disks are sold: <c>12.3 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var value = (double)bytes;
        var unit = 0;
        while (value >= 999.5 && unit < units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return $"{Significant(value, unit == 0)} {units[unit]}";
    }

    /// <summary>A large count: <c>5.2 M</c>.</summary>
    public static string Count(double count) => count switch
    {
        >= 999.5e9 => $"{Significant(count / 1e12)} T",
        >= 999.5e6 => $"{Significant(count / 1e9)} B",
        >= 999.5e3 => $"{Significant(count / 1e6)} M",
        >= 99.5e3 => $"{Significant(count / 1e3)} k",
        _ => count.ToString("#,0", CultureInfo.InvariantCulture),
    };

    /// <summary><c>45 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Duration(double seconds)
    {
        var span = TimeSpan.FromSeconds(Math.Max(0, Math.Round(seconds)));
        return span switch
        {
            { TotalMinutes: < 1 } => $"{span.Seconds} s",
            { TotalHours: < 1 } => span.Seconds == 0 || span.Minutes >= 10 ? $"{span.Minutes} min" : $"{span.Minutes} min {span.Seconds} s",
            { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes} min",
            _ => $"{span.Days} d {span.Hours} h",
        };
    }

    public static string Duration(TimeSpan span) => Duration(span.TotalSeconds);

    /// <summary>The same words as the page's script writes.</summary>
    public static string Ago(DateTimeOffset at)
    {
        var seconds = (DateTimeOffset.UtcNow - at).TotalSeconds;
        return seconds switch
        {
            < 45 => "just now",
            < 3600 => $"{Math.Max(1, (int)Math.Round(seconds / 60))} min ago",
            < 86400 => $"{(int)Math.Round(seconds / 3600)} h ago",
            < 30 * 86400 => $"{(int)Math.Round(seconds / 86400)} d ago",
            _ => Date(at),
        };
    }

    /// <summary><c>3 Dec 2026</c>, in UTC.</summary>
    public static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    public static string Percent(double share, int decimals = 0) => (share * 100).ToString("F" + decimals, CultureInfo.InvariantCulture) + " %";

    /// <summary>A learning rate or other small number in the shortest exact form: <c>5e-7</c>, <c>0.1</c>.</summary>
    public static string Number(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return text.Replace("e-0", "e-", StringComparison.Ordinal).Replace("e+0", "e", StringComparison.Ordinal);
    }

    public static string Numbers(IEnumerable<double> values) => string.Join(", ", values.Select(Number));

    /// <summary>A metric's value with about four digits; <c>–</c> for a gap.</summary>
    public static string Metric(double? value) => value switch
    {
        null => "–",
        0 => "0",
        { } v when Math.Abs(v) is < 0.001 or >= 1e6 => v.ToString("0.##e0", CultureInfo.InvariantCulture),
        { } v => v.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary><c>1 run</c>, <c>3 runs</c>.</summary>
    public static string Plural(long count, string one, string? many = null) => $"{Count(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>Iterations as people count models: −1 is where the run started.</summary>
    public static string ModelOf(int iteration) => iteration < 0 ? "Start" : $"Iteration {iteration}";

    /// <summary>A figure whose sign says something, such as a margin: <c>+0.52</c>, <c>−1.20</c>; small ones with one digit more.</summary>
    public static string Signed(double value) =>
        value.ToString(Math.Abs(value) < 0.1 ? "+0.000;−0.000;0" : "+0.00;−0.00;0", CultureInfo.InvariantCulture);

    private static string Significant(double value, bool whole = false) =>
        value.ToString(whole || value >= 99.95 ? "0" : value >= 9.995 ? "0.#" : "0.##", CultureInfo.InvariantCulture);
}
