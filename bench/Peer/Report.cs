using System.Text;

namespace SpinStudio.Bench.Peer;

/// <summary>A part of the report: a heading, and what stands below it.</summary>
internal sealed record Section(string Heading, string Body)
{
    public string Text => $"## {Heading}\n\n{Body.Trim()}\n";
}

/// <summary>The report's measured sections; what is written between them by hand is kept.</summary>
internal static class Report
{
    /// <summary>Replaces the section of the same heading.</summary>
    /// <exception cref="InvalidOperationException">The report has no such heading.</exception>
    public static void Put(string path, Section section)
    {
        var text = File.ReadAllText(path);
        var start = text.IndexOf($"## {section.Heading}\n", StringComparison.Ordinal);
        if (start < 0) throw new InvalidOperationException($"{path} has no heading '{section.Heading}'");
        var end = text.IndexOf("\n## ", start, StringComparison.Ordinal);
        File.WriteAllText(path, new StringBuilder(text[..start]).Append(section.Text).Append(end < 0 ? "" : text[end..]).ToString());
    }
}
