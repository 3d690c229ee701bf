namespace SpinStudio.Web.Features.Errors;

/// <summary>Names that people give: one line, not empty, not endless.</summary>
internal static class OneLine
{
    /// <summary>The text without space around it.</summary>
    /// <param name="what">For the refusal, such as "A team's name".</param>
    /// <exception cref="StudioException">Empty, longer than <paramref name="most"/>, or with control characters.</exception>
    public static string Checked(string? text, string what, int most)
    {
        var line = text?.Trim() ?? "";
        return line.Length is > 0 && line.Length <= most && !line.Any(char.IsControl) ? line
            : throw new StudioException(Refusal.Invalid, $"{what} is one line of 1 to {most} characters (got {line.Length}{(line.Any(char.IsControl) ? ", with control characters" : "")}).");
    }
}
