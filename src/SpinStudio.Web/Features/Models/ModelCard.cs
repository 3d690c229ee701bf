namespace SpinStudio.Web.Features.Models;

/// <summary>What the head of a model's README.md says, between its lines of dashes.</summary>
internal static class ModelCard
{
    private const int LongestHead = 200;
    private const string Fence = "---";

    /// <summary>The licence, or null.</summary>
    public static string? License(string folder)
    {
        var file = Path.Combine(folder, "README.md");
        if (!File.Exists(file))
        {
            return null;
        }

        var lines = File.ReadLines(file).Take(LongestHead).ToList();
        return lines is [Fence, ..] && lines.Skip(1).TakeWhile(line => line.TrimEnd() != Fence).FirstOrDefault(line => line.StartsWith("license:", StringComparison.Ordinal)) is { } line
            ? Clean(line["license:".Length..])
            : null;
    }

    private static string? Clean(string value)
    {
        var text = new string([.. value.Where(c => !char.IsControl(c))]).Trim(' ', '"', '\'');
        return text.Length == 0 ? null : text[..Math.Min(text.Length, 200)];
    }
}
