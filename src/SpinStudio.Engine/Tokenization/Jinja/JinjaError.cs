namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>Makes the errors of templates: each names the line.</summary>
internal static class JinjaError
{
    public static BadInputException At(int line, string message) => new($"chat template, line {line}: {message}");
}
