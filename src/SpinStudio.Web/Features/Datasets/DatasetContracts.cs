namespace SpinStudio.Web.Features.Datasets;

/// <summary>A dataset as lists show it; figures are of its newest version.</summary>
/// <param name="RunCount">Runs that use any version of it.</param>
/// <param name="Bundled">Came with the studio.</param>
public sealed record DatasetSummary(
    Guid Id, string Name, string? Description, Guid VersionId, int Version, int Rows, int HeldOutRows, long Bytes, string Sha256, string Source,
    bool Bundled, string? CreatedBy, DateTimeOffset CreatedAt, int RunCount);

/// <param name="Number">From 1.</param>
public sealed record DatasetVersionInfo(Guid Id, int Number, int Rows, int HeldOutRows, long Bytes, string Sha256, string Source, DateTimeOffset CreatedAt);

public sealed record DatasetDetail(DatasetSummary Summary, IReadOnlyList<DatasetVersionInfo> Versions, IReadOnlyList<RunReference> UsedBy);

/// <summary>Enough of a run to link to it.</summary>
public sealed record RunReference(Guid Id, string Name);

/// <param name="Number">Position in the file, from 1.</param>
public sealed record DatasetRow(int Number, string PromptId, string? System, string Prompt, string Response);

/// <summary>Which columns of an uploaded file hold what. Null: not mapped.</summary>
public sealed record ImportMapping(string? Prompt, string? Response, string? System);

/// <param name="Row">Row of the uploaded file, from 1.</param>
public sealed record ImportError(int Row, string Message);

/// <summary>What an import would do. Nothing is written yet.</summary>
/// <param name="Format">Name of the recognised layout for people; null when the columns have to be mapped by hand.</param>
/// <param name="NeedsMapping">True when no layout was recognised and no mapping was given.</param>
/// <param name="Columns">Columns (or top-level keys) of the file, to choose a mapping from.</param>
/// <param name="Rows">The first rows as they would be imported, at most 20.</param>
/// <param name="ValidRows">Rows without error, in the whole file.</param>
/// <param name="Errors">The first errors, at most 100; <paramref name="ErrorCount"/> counts all.</param>
public sealed record ImportPreview(
    Guid UploadId, string FileName, string? Format, bool NeedsMapping, IReadOnlyList<string> Columns, ImportMapping? Mapping, IReadOnlyList<DatasetRow> Rows,
    int ValidRows, IReadOnlyList<ImportError> Errors, int ErrorCount, IReadOnlyList<string> Warnings);

/// <summary>Turns an upload into a dataset, or into a new version of one.</summary>
/// <param name="Name">Of the new dataset; ignored with <paramref name="DatasetId"/>.</param>
/// <param name="DatasetId">Adds a version to this dataset instead.</param>
/// <param name="Mapping">Null: as recognised.</param>
/// <param name="SkipBadRows">False: any bad row refuses the whole import. True: bad rows are left out.</param>
public sealed record ImportRequest(Guid UploadId, string Name, string? Description = null, Guid? DatasetId = null, ImportMapping? Mapping = null, bool SkipBadRows = false);
