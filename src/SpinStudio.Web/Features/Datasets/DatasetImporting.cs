using System.Security.Cryptography;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>From uploaded files to a dataset version.</summary>
public sealed class DatasetImporting(UploadService uploads, UnpackedUploads unpacked, DatasetVersions versions, DatasetStore store, Quotas quotas, TimeProvider time)
{
    private const int MostFiles = 100;

    internal async Task<ImportPreview> PreviewAsync(IReadOnlyList<Guid> uploadIds, ImportMapping? mapping, int mostRows, IProgress<int>? progress, CancellationToken cancellation)
    {
        var files = await CompletedAsync(uploadIds, cancellation);
        var before = 0;
        var reports = new List<ImportReport>();
        foreach (var (upload, file) in files)
        {
            reports.Add(await ReadAsync(() => DatasetImport.Check(file, upload.FileName, Mapping(mapping), mostRows: mostRows, progress: Told(progress, before), cancellation: cancellation), cancellation));
            before += reports[^1].Rows + reports[^1].ErrorCount;
        }

        var first = reports[0];
        RefuseMixed(files, reports);
        return new ImportPreview(
            [.. files.Select(file => file.Upload.FileName)], first.Format?.Name, first.NeedsMapping, [.. first.Columns.Select(column => column.Name)], Mapping(first.Format?.Mapping),
            [.. first.Sample.Select(row => new ImportSourceRow(row.Row, row.Cells))],
            [.. first.Preview.Select(row => new DatasetRow(row.Row, row.Example.PromptId, row.Example.System, row.Example.Prompt, row.Example.Response))],
            reports.Sum(report => report.Rows),
            [.. reports.Zip(files).SelectMany(pair => pair.First.Errors.Select(error => new ImportError(error.Row, error.Message, files.Count > 1 ? pair.Second.Upload.FileName : null))).Take(DatasetImport.ReportedErrors)],
            reports.Sum(report => report.ErrorCount), [.. reports.SelectMany(report => report.Warnings).Distinct()], reports.Exists(report => report.Partly));
    }

    internal async Task<Guid> ImportAsync(UserInfo me, ImportRequest request, IProgress<int>? progress, CancellationToken cancellation)
    {
        var files = await CompletedAsync(request.UploadIds, cancellation);
        var name = request.DatasetId is null ? await versions.NewNameAsync(me, request.Name, null, cancellation) : "";
        var description = DatasetVersions.Description(request.Description);
        if (request.DatasetId is { } into)
        {
            DatasetVersions.RefuseBundled((await versions.FindAsync(into, null, cancellation)).Dataset!);
        }

        var parts = new List<string>();
        var reports = new List<ImportReport>();
        try
        {
            var before = 0;
            foreach (var (upload, file) in files)
            {
                parts.Add(store.Incoming());
                reports.Add(await ReadAsync(
                    () => DatasetImport.Import(file, upload.FileName, parts[^1], Mapping(request.Mapping), request.SkipBadRows, progress: Told(progress, before), cancellation: cancellation), cancellation));
                if (!reports[^1].Imported)
                {
                    throw new StudioException(Refusal.Invalid, (files.Count > 1 ? $"{upload.FileName}: " : "") + Why(reports[^1]));
                }

                before += reports[^1].Rows;
            }

            RefuseMixed(files, reports);
            // The uploads count already, and go when they are imported.
            await quotas.RequireDiskAsync(me.TeamId, reports.Sum(report => report.Bytes) - files.Sum(file => file.Upload.Length), "The dataset", cancellation);
            var sha256 = parts.Count == 1 ? reports[0].Sha256! : await JoinAsync(parts, cancellation);
            var version = new DatasetVersion
            {
                Sha256 = sha256,
                Rows = reports.Sum(report => report.Rows),
                Bytes = reports.Sum(report => report.Bytes),
                File = store.Keep(parts[0], sha256),
                Source = $"{NamesOf(files)} ({reports[0].Format!.Name})",
                CreatedAt = time.GetUtcNow(),
            };
            var id = await versions.AddAsync(me, version, request.DatasetId, name, description, "dataset.import", cancellation);
            foreach (var (upload, _) in files)
            {
                await uploads.UsedUpAsync(upload.Id, cancellation);
            }

            return id;
        }
        finally
        {
            parts.ForEach(File.Delete);
        }
    }

    private async Task<List<(Upload Upload, string File)>> CompletedAsync(IReadOnlyList<Guid>? uploadIds, CancellationToken cancellation)
    {
        if (uploadIds is null || uploadIds.Count is 0 or > MostFiles || uploadIds.Distinct().Count() < uploadIds.Count)
        {
            throw new StudioException(Refusal.Invalid, $"Name 1 to {MostFiles} different uploads (got {uploadIds?.Count ?? 0}).");
        }

        var files = new List<(Upload, string)>();
        foreach (var id in uploadIds)
        {
            var (upload, file) = await uploads.CompletedAsync(id, cancellation);
            files.Add((upload, await unpacked.AsTextAsync(upload, file, cancellation)));
        }

        return files;
    }

    /// <summary>Several files become one dataset only when they are read alike: otherwise a column of one could pass for another's.</summary>
    private static void RefuseMixed(List<(Upload Upload, string File)> files, List<ImportReport> reports)
    {
        var other = reports.FindIndex(report => report.Format?.Name != reports[0].Format?.Name || report.Format?.Mapping != reports[0].Format?.Mapping);
        if (other > 0)
        {
            throw new StudioException(
                Refusal.Invalid,
                $"{files[0].Upload.FileName} is {Layout(reports[0])}, {files[other].Upload.FileName} is {Layout(reports[other])}; only files of one layout become one dataset. Import them one by one.");
        }
    }

    private static string Layout(ImportReport report) => report.Format is { } format ? $"“{format.Name}”" : "not recognised";

    /// <summary>Puts canonical files behind one another in the first.</summary>
    /// <returns>SHA-256 of the whole.</returns>
    private static async Task<string> JoinAsync(List<string> parts, CancellationToken cancellation)
    {
        await using (var whole = new FileStream(parts[0], FileMode.Append, FileAccess.Write))
        {
            foreach (var part in parts.Skip(1))
            {
                await using var stream = File.OpenRead(part);
                await stream.CopyToAsync(whole, cancellation);
            }

            whole.Flush(flushToDisk: true);
        }

        return await DatasetStore.HashAsync(parts[0], cancellation);
    }

    private static string NamesOf(List<(Upload Upload, string File)> files) =>
        string.Join(", ", files.Take(3).Select(file => file.Upload.FileName)) + (files.Count > 3 ? $" and {files.Count - 3} more" : "");

    /// <summary>Off the caller's thread: a large file takes seconds.</summary>
    private static async Task<ImportReport> ReadAsync(Func<ImportReport> read, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(read, cancellation);
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, char.ToUpperInvariant(refused.Message[0]) + refused.Message[1..] + ".");
        }
    }

    private static ProgressOfRows? Told(IProgress<int>? progress, int before) => progress is null ? null : new ProgressOfRows(progress, before);

    private sealed class ProgressOfRows(IProgress<int> progress, int before) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(before + value.Rows);
    }

    private static string Why(ImportReport report) => report switch
    {
        { NeedsMapping: true } => "The layout was not recognised; choose the columns for prompt and response.",
        { Errors: [var first, ..] } => $"{report.ErrorCount} row{(report.ErrorCount == 1 ? "" : "s")} cannot be imported, the first is row {first.Row}: {first.Message}. Correct the file, or leave bad rows out.",
        _ => "The file has no row to import.",
    };

    private static ColumnMapping? Mapping(ImportMapping? mapping) => mapping is null ? null
        : new ColumnMapping(Chosen(mapping.Prompt), Chosen(mapping.Response), Chosen(mapping.System), Chosen(mapping.Input), Chosen(mapping.Messages));

    private static string? Chosen(string? column) => string.IsNullOrEmpty(column) ? null : column;

    private static ImportMapping? Mapping(ColumnMapping? mapping) =>
        mapping is null ? null : new ImportMapping(mapping.Prompt, mapping.Response, mapping.System, mapping.Input, mapping.Messages);
}
