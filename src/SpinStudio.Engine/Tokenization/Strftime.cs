using System.Globalization;
using System.Text;
using SpinStudio.Engine.Tokenization.Jinja;

namespace SpinStudio.Engine.Tokenization;

/// <summary>C's <c>strftime</c>, in English: the directives that chat templates print a date with.</summary>
internal static class Strftime
{
    /// <exception cref="JinjaFault">A directive is not supported.</exception>
    public static string Format(string format, DateTimeOffset at)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            var unpadded = i + 1 < format.Length && format[i + 1] == '-';
            i += unpadded ? 2 : 1;
            var part = Part(i < format.Length ? format[i] : '\0', at);
            text.Append(unpadded ? part.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0" : part);
        }
        return text.ToString();
    }

    private static string Part(char directive, DateTimeOffset at) => directive switch
    {
        'Y' => at.Year.ToString("0000", CultureInfo.InvariantCulture),
        'y' => at.ToString("yy", CultureInfo.InvariantCulture),
        'm' => at.ToString("MM", CultureInfo.InvariantCulture),
        'd' => at.ToString("dd", CultureInfo.InvariantCulture),
        'e' => at.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'B' => at.ToString("MMMM", CultureInfo.InvariantCulture),
        'b' or 'h' => at.ToString("MMM", CultureInfo.InvariantCulture),
        'A' => at.ToString("dddd", CultureInfo.InvariantCulture),
        'a' => at.ToString("ddd", CultureInfo.InvariantCulture),
        'j' => at.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'H' => at.ToString("HH", CultureInfo.InvariantCulture),
        'I' => at.ToString("hh", CultureInfo.InvariantCulture),
        'M' => at.ToString("mm", CultureInfo.InvariantCulture),
        'S' => at.ToString("ss", CultureInfo.InvariantCulture),
        'p' => at.Hour < 12 ? "AM" : "PM",
        'F' => at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        'T' => at.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
        'R' => at.ToString("HH:mm", CultureInfo.InvariantCulture),
        '%' => "%",
        _ => throw new JinjaFault($"strftime_now() does not know %{(directive == '\0' ? "" : directive)}"),
    };
}
