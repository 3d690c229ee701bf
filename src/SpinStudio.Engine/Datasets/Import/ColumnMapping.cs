namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Which columns hold what: prompt and response, or a whole conversation. Names are compared without case.</summary>
/// <param name="Input">A second part of the prompt, put under the first after a blank line (Alpaca's input).</param>
/// <param name="System">A system message.</param>
/// <param name="Messages">A list of messages, of which the first prompt and the answer to it are taken; then there is neither prompt nor response.</param>
public sealed record ColumnMapping(string? Prompt, string? Response, string? System = null, string? Input = null, string? Messages = null)
{
    /// <summary>Every column in use.</summary>
    internal IEnumerable<string> Used => new[] { Prompt, Response, System, Input, Messages }.OfType<string>();

    /// <summary>What is wrong with the choice, or null.</summary>
    public string? Problem =>
        Messages is not null && (Prompt is not null || Response is not null || Input is not null) ? "a column of messages holds prompt and response itself; leave the others out"
        : Messages is null && Prompt is null ? "choose the column that holds the prompt"
        : Messages is null && Response is null ? "choose the column that holds the answer"
        : Used.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Used.Count() ? "a column can be one thing only"
        : null;
}
