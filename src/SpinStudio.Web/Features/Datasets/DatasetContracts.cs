using SpinStudio.Engine.Datasets;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>A dataset as lists show it; figures are of its newest version.</summary>
/// <param name="RunCount">Runs that use any version of it.</param>
/// <param name="Bundled">Came with the studio.</param>
public sealed record DatasetSummary(
    Guid Id, string Name, string? Description, Guid VersionId, int Version, int Rows, int HeldOutRows, long Bytes, string Sha256, string Source,
    bool Bundled, string? CreatedBy, DateTimeOffset CreatedAt, int RunCount);

/// <param name="Number">From 1.</param>
/// <param name="Bytes">Of the training rows.</param>
/// <param name="Sha256">Of the training rows' file.</param>
/// <param name="Source">How it was made, in words.</param>
/// <param name="Parent">The version that it was derived from; null when there is none any more.</param>
/// <param name="RunCount">Runs that use this version.</param>
public sealed record DatasetVersionInfo(
    Guid Id, int Number, int Rows, int HeldOutRows, long Bytes, string Sha256, string Source, string? CreatedBy, VersionReference? Parent, DateTimeOffset CreatedAt, int RunCount);

/// <summary>Enough of a version to link to it.</summary>
public sealed record VersionReference(Guid DatasetId, string Name, int Number);

/// <param name="Bytes">On disk, of all versions, held-out rows included.</param>
public sealed record DatasetDetail(DatasetSummary Summary, IReadOnlyList<DatasetVersionInfo> Versions, IReadOnlyList<RunReference> UsedBy, long Bytes);

/// <summary>Enough of a run to link to it.</summary>
public sealed record RunReference(Guid Id, string Name);

/// <param name="Number">Position in the file, from 1.</param>
public sealed record DatasetRow(int Number, string PromptId, string? System, string Prompt, string Response);

/// <param name="Items">Rows that contain the text.</param>
/// <param name="Next">Row (from 1) to go on from; null when all were looked at.</param>
/// <param name="Looked">Rows looked at since the first.</param>
/// <param name="Of">All rows.</param>
public sealed record DatasetMatches(IReadOnlyList<DatasetRow> Items, int? Next, int Looked, int Of);

/// <summary>Name and description of a dataset. Null leaves one as it is.</summary>
public sealed record DatasetChange(string? Name = null, string? Description = null);

/// <summary>What can be made of a dataset version.</summary>
public enum DatasetOperation
{
    /// <summary>A share of the prompts becomes the held-out part.</summary>
    Split,

    /// <summary>Some rows, drawn by a seed.</summary>
    Sample,

    /// <summary>The rows of another version behind those of this one.</summary>
    Merge,

    /// <summary>Only the first of equal rows, and no row whose prompt is held out.</summary>
    Deduplicate,
}

/// <param name="Version">Number of the version to start from; null: the newest.</param>
/// <param name="Share">Split: expected share of prompts, above 0 and below 1.</param>
/// <param name="Rows">Sample: how many.</param>
/// <param name="Seed">Split and sample: the same seed gives the same result.</param>
/// <param name="OtherId">Merge: the other dataset.</param>
/// <param name="OtherVersion">Merge: its version; null: the newest.</param>
/// <param name="ByPrompt">Deduplicate: rows are equal when their prompts are, whatever the answers.</param>
/// <param name="Name">Makes a new dataset of this name; null: a new version of this one.</param>
public sealed record DerivationRequest(
    DatasetOperation Operation, int? Version = null, double Share = 0.1, int Rows = 1000, long Seed = 1, Guid? OtherId = null, int? OtherVersion = null, bool ByPrompt = false, string? Name = null);

/// <summary>Statistics of a version as far as they are computed; asking starts what is missing.</summary>
/// <param name="Progress">Of what is still computed, 0 to 1; null when nothing is.</param>
/// <param name="Problem">Why something could not be computed.</param>
/// <param name="Text">What the text alone tells.</param>
/// <param name="Tokens">Lengths under the tokenizer of the model that was asked for.</param>
/// <param name="Findings">Both in words, at the limits that were asked for.</param>
/// <param name="NearDuplicateMethod">How near duplicates are found.</param>
public sealed record DatasetReportInfo(
    double? Progress, string? Problem, DatasetStatistics? Text, TokenStatistics? Tokens, IReadOnlyList<DatasetFinding> Findings, string NearDuplicateMethod);

/// <summary>Which columns of an uploaded file hold what: prompt and response, or messages. Null: not mapped.</summary>
/// <param name="Input">A second part of the prompt.</param>
/// <param name="Messages">A conversation, of which the first prompt and answer are taken.</param>
public sealed record ImportMapping(string? Prompt = null, string? Response = null, string? System = null, string? Input = null, string? Messages = null);

/// <param name="Row">Row of the uploaded file, from 1.</param>
/// <param name="File">Which file, where there are several.</param>
public sealed record ImportError(int Row, string Message, string? File = null);

/// <summary>A row of the uploaded file as it is there.</summary>
/// <param name="Cells">In the order of the columns, shortened.</param>
public sealed record ImportSourceRow(int Row, IReadOnlyList<string> Cells);

/// <summary>What an import would do. Nothing is written yet.</summary>
/// <param name="FileNames">In the order of the uploads.</param>
/// <param name="Format">Name of the recognised layout for people; null when the columns have to be mapped by hand.</param>
/// <param name="NeedsMapping">True when no layout was recognised and no mapping was given.</param>
/// <param name="Columns">Columns (or top-level keys) of the first file, to choose a mapping from.</param>
/// <param name="Source">The first file's first rows as they are in it.</param>
/// <param name="Rows">The first rows as they would be imported, at most 20.</param>
/// <param name="ValidRows">Rows without error, in all files.</param>
/// <param name="Errors">The first errors, at most 100; <paramref name="ErrorCount"/> counts all.</param>
/// <param name="Partly">Only the first rows were looked at.</param>
public sealed record ImportPreview(
    IReadOnlyList<string> FileNames, string? Format, bool NeedsMapping, IReadOnlyList<string> Columns, ImportMapping? Mapping, IReadOnlyList<ImportSourceRow> Source,
    IReadOnlyList<DatasetRow> Rows, int ValidRows, IReadOnlyList<ImportError> Errors, int ErrorCount, IReadOnlyList<string> Warnings, bool Partly);

/// <summary>Turns uploads into a dataset, or into a new version of one. Several uploads of one layout become one dataset, their rows one after the other.</summary>
/// <param name="Name">Of the new dataset; ignored with <paramref name="DatasetId"/>.</param>
/// <param name="DatasetId">Adds a version to this dataset instead.</param>
/// <param name="Mapping">Null: as recognised.</param>
/// <param name="SkipBadRows">False: any bad row refuses the whole import. True: bad rows are left out.</param>
public sealed record ImportRequest(
    IReadOnlyList<Guid> UploadIds, string? Name = null, string? Description = null, Guid? DatasetId = null, ImportMapping? Mapping = null, bool SkipBadRows = false);
