namespace SpinStudio.Engine.Datasets.Import;

/// <summary>Which columns hold what. Names are compared without case.</summary>
/// <param name="Input">A second part of the prompt, put under the first after a blank line (Alpaca's input).</param>
/// <param name="System">A system message.</param>
public sealed record ColumnMapping(string Prompt, string Response, string? System = null, string? Input = null);
