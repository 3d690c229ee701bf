namespace SpinStudio.Engine.Datasets.Import;

/// <param name="Row">As the file's own program counts: see <see cref="ImportReport.RowCounting"/>.</param>
/// <param name="Message">What is wrong, for instance <c>no response</c>.</param>
public sealed record RowError(int Row, string Message);

/// <summary>How far an import is.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Share">Of the file's bytes, 0 to 1.</param>
public sealed record ImportProgress(int Rows, double Share);

/// <param name="Row">Number of the row in the file.</param>
public sealed record PreviewRow(int Row, Example Example);

/// <summary>What is in an uploaded file, and what an import makes or made of it.</summary>
public sealed record ImportReport
{
    public required SourceKind Kind { get; init; }

    /// <summary>The layout recognised or chosen; null when no layout was recognised and none chosen. Then no row was checked.</summary>
    public required DatasetFormat? Format { get; init; }

    /// <summary>Columns of the first rows with example values, to choose from.</summary>
    public required IReadOnlyList<DatasetColumn> Columns { get; init; }

    /// <summary>The first rows as they are in the file.</summary>
    public IReadOnlyList<SampledRow> Sample { get; init; } = [];

    /// <summary>Only the first rows were read.</summary>
    public bool Partly { get; init; }

    /// <summary>The first valid rows, as they are imported.</summary>
    public IReadOnlyList<PreviewRow> Preview { get; init; } = [];

    /// <summary>The first 100 bad rows.</summary>
    public IReadOnlyList<RowError> Errors { get; init; } = [];

    /// <summary>All bad rows.</summary>
    public int ErrorCount { get; init; }

    /// <summary>Valid rows.</summary>
    public required int Rows { get; init; }

    /// <summary>What is not wrong but worth knowing.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>True when the canonical file was written.</summary>
    public bool Imported { get; init; }

    /// <summary>SHA-256 of the canonical file, in lower-case hex; null when none was written.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Size of the canonical file.</summary>
    public long Bytes { get; init; }

    /// <summary>The layout has to be chosen by hand.</summary>
    public bool NeedsMapping => Format is null;

    /// <summary>What the row numbers count, for people.</summary>
    public string RowCounting => Kind switch
    {
        SourceKind.JsonLines => "lines of the file",
        SourceKind.JsonArray => "items of the array, from 1",
        _ => "rows of the table, the header being row 1",
    };
}
