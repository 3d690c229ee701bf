using System.Globalization;
using System.Text;

namespace SpinStudio.Cli.Output;

/// <summary>Columns padded to their widest cell, two spaces between them: reads well on a terminal and in a log.</summary>
internal static class TextTable
{
    public static string Render(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> lines = [header, .. rows];
        var widths = header.Select((_, column) => lines.Max(line => Width(line[column]))).ToArray();
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            var start = text.Length;
            for (var column = 0; column < widths.Length; column++)
                text.Append(line[column]).Append(' ', widths[column] - Width(line[column]) + 2);
            while (text.Length > start && text[^1] == ' ')
                text.Length--;
            text.Append('\n');
        }

        return text.ToString();
    }

    private static int Width(string cell) => new StringInfo(cell).LengthInTextElements;
}
