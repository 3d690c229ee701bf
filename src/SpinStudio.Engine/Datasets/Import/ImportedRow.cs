namespace SpinStudio.Engine.Datasets.Import;

/// <summary>What a row of a file becomes.</summary>
/// <param name="MoreTurns">Its conversation went on after the first answer; that part is left out.</param>
internal sealed record ImportedRow(Example Example, bool MoreTurns = false);
