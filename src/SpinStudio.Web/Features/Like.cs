namespace SpinStudio.Web.Features;

/// <summary>Search texts as SQL patterns.</summary>
internal static class Like
{
    public const string Escape = "\\";

    /// <summary>Matches what contains the text; its own wildcards stand for themselves.</summary>
    public static string Containing(string text) =>
        "%" + text.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
}
