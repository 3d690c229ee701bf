using System.Text;

namespace SpinStudio.Engine.Datasets;

/// <summary>What a dataset may hold at most, and what every example must keep.</summary>
public static class DatasetLimits
{
    /// <summary>Longest row of a file, in bytes.</summary>
    public const int RowBytes = 10 << 20;

    /// <summary>Longest prompt, answer or system message, in characters.</summary>
    public const int TextLength = 200_000;

    /// <summary>Most columns of a file.</summary>
    public const int Columns = 1000;

    /// <summary>Brackets within brackets in a row of JSON.</summary>
    public const int Nesting = 32;

    /// <summary>What is wrong with an example, or null.</summary>
    public static string? ProblemOf(Example example) =>
        ProblemOf(example.Prompt, "prompt", required: true) ?? ProblemOf(example.Response, "response", required: true) ?? ProblemOf(example.System, "system message", required: false)
        ?? ProblemOf(example.Rejected, "rejected answer", required: false);

    private static string? ProblemOf(string? text, string name, bool required)
    {
        if (string.IsNullOrWhiteSpace(text))
            return required ? $"no {name}" : null;
        if (text.Length > TextLength)
            return $"{name} has {text.Length} characters; the limit is {TextLength}";
        if (text.Contains('\0', StringComparison.Ordinal))
            return $"{name} holds a NUL character";
        return HasLoneSurrogate(text) ? $"{name} holds half of a surrogate pair, which is no text" : null;
    }

    private static bool HasLoneSurrogate(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return false;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != System.Buffers.OperationStatus.Done)
                return true;
            rest = rest[consumed..];
        }
        return false;
    }
}
