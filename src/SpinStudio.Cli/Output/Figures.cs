using System.Globalization;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Cli.Output;

/// <summary>How figures are written for people.</summary>
internal static class Figures
{
    /// <summary>2:05 or 1:02:05.</summary>
    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Round(Math.Max(0, seconds)));
        return time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";
    }

    /// <summary>12.3 MB, in powers of 1,000.</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var unit = 0;
        while (bytes >= 1000 && unit < units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return bytes.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>3,210.</summary>
    public static string Count(double count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>91.3 %.</summary>
    public static string Share(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>Four significant digits; a value that is not finite is a dash.</summary>
    public static string Number(double? number) => number is { } value && double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "–";

    /// <summary>61.2 % [58.0, 64.3].</summary>
    public static string Share(Estimate? estimate) => estimate is null
        ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean * 100:0.0} % [{estimate.Low * 100:0.0}, {estimate.High * 100:0.0}]");

    /// <summary>1.234 [1.2, 1.268].</summary>
    public static string Mean(Estimate? estimate) => estimate is null
        ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean:0.000} [{estimate.Low:0.000}, {estimate.High:0.000}]");

    /// <summary>What an iteration's model is called.</summary>
    public static string Model(int iteration) => iteration < 0 ? "start" : iteration.ToString(CultureInfo.InvariantCulture);
}
