using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>From an uploaded file to a dataset version.</summary>
public sealed class DatasetImporting(IDbContextFactory<StudioDb> databases, UploadService uploads, DatasetStore store, AuditLog audit, TimeProvider time)
{
    private const int LongestName = 200;

    internal async Task<ImportPreview> PreviewAsync(Guid uploadId, ImportMapping? mapping, CancellationToken cancellation)
    {
        var (upload, file) = await uploads.CompletedAsync(uploadId, cancellation);
        var report = await ReadAsync(() => DatasetImport.Check(file, upload.FileName, Mapping(mapping), cancellation: cancellation), cancellation);
        return new ImportPreview(
            upload.Id, upload.FileName, report.Format?.Name, report.NeedsMapping, [.. report.Columns.Select(column => column.Name)], Mapping(report.Format?.Mapping),
            [.. report.Preview.Select(row => new DatasetRow(row.Row, row.Example.PromptId, row.Example.System, row.Example.Prompt, row.Example.Response))],
            report.Rows, Errors(report), report.ErrorCount, report.Warnings);
    }

    internal async Task<Guid> ImportAsync(UserInfo me, ImportRequest request, CancellationToken cancellation)
    {
        var (upload, file) = await uploads.CompletedAsync(request.UploadId, cancellation);
        var name = request.DatasetId is null ? await NewNameAsync(me, request.Name, cancellation) : "";

        var target = store.Incoming();
        ImportReport report;
        try
        {
            report = await ReadAsync(() => DatasetImport.Import(file, upload.FileName, target, Mapping(request.Mapping), request.SkipBadRows, cancellation: cancellation), cancellation);
            if (!report.Imported)
            {
                throw new StudioException(Refusal.Invalid, Why(report));
            }

            var version = new DatasetVersion
            {
                Sha256 = report.Sha256!,
                Rows = report.Rows,
                Bytes = report.Bytes,
                File = store.Keep(target, report.Sha256!),
                Source = $"{upload.FileName} ({report.Format!.Name})",
                CreatedAt = time.GetUtcNow(),
            };
            var id = await SaveAsync(me, request, name, version, cancellation);
            await uploads.CancelAsync(upload.Id, cancellation);
            return id;
        }
        finally
        {
            File.Delete(target);
        }
    }

    private async Task<Guid> SaveAsync(UserInfo me, ImportRequest request, string name, DatasetVersion version, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        Dataset dataset;
        if (request.DatasetId is { } existing)
        {
            dataset = await db.Datasets.FirstOrDefaultAsync(row => row.Id == existing && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("dataset");
            version.Number = 1 + await db.DatasetVersions.Where(row => row.DatasetId == existing).MaxAsync(row => row.Number, cancellation);
        }
        else
        {
            dataset = new Dataset { TeamId = me.TeamId, Name = name, Description = request.Description, CreatedById = me.Id, CreatedAt = version.CreatedAt };
            version.Number = 1;
            db.Datasets.Add(dataset);
        }

        version.DatasetId = dataset.Id;
        db.DatasetVersions.Add(version);
        audit.Add(db, me, "dataset.import", dataset.Id, $"{dataset.Name} version {version.Number}, {version.Rows} rows");
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return dataset.Id;
    }

    private async Task<string> NewNameAsync(UserInfo me, string? asked, CancellationToken cancellation)
    {
        var name = asked?.Trim() ?? "";
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new StudioException(Refusal.Invalid, $"A dataset needs a name of 1 to {LongestName} characters in one line.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Datasets.AnyAsync(dataset => dataset.TeamId == me.TeamId && dataset.Name == name, cancellation)
            ? throw new StudioException(Refusal.Conflict, $"There is a dataset called {name}; choose another name, or add a version to it.")
            : name;
    }

    /// <summary>Off the caller's thread: a large file takes seconds.</summary>
    private static async Task<ImportReport> ReadAsync(Func<ImportReport> read, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(read, cancellation);
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, refused.Message);
        }
    }

    private static string Why(ImportReport report) => report switch
    {
        { NeedsMapping: true } => "The layout was not recognised; choose the columns for prompt and response.",
        { Errors: [var first, ..] } => $"{report.ErrorCount} row{(report.ErrorCount == 1 ? "" : "s")} cannot be imported, the first is row {first.Row}: {first.Message}. Correct the file, or leave bad rows out.",
        _ => "The file has no row to import.",
    };

    private static List<ImportError> Errors(ImportReport report) => [.. report.Errors.Select(error => new ImportError(error.Row, error.Message))];

    private static ColumnMapping? Mapping(ImportMapping? mapping) => mapping is null ? null
        : string.IsNullOrEmpty(mapping.Prompt) || string.IsNullOrEmpty(mapping.Response) ? throw new StudioException(Refusal.Invalid, "Choose a column for the prompt and one for the response.")
        : new ColumnMapping(mapping.Prompt, mapping.Response, string.IsNullOrEmpty(mapping.System) ? null : mapping.System);

    private static ImportMapping? Mapping(ColumnMapping? mapping) => mapping is null ? null : new ImportMapping(mapping.Prompt, mapping.Response, mapping.System);
}
