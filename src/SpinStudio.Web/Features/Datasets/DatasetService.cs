using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Datasets of the current user's team. Refusals are <see cref="StudioException"/>.</summary>
public sealed class DatasetService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, DatasetImporting importing, AuditLog audit, StudioPaths paths)
{
    private const int LargestPage = 500;

    public async Task<IReadOnlyList<DatasetSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Newest(db).Where(version => version.Dataset!.TeamId == me.TeamId).OrderByDescending(version => version.Dataset!.CreatedAt).Select(Summary(db)).ToListAsync(cancellation);
    }

    public async Task<DatasetDetail> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var summary = await SummaryAsync(id, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var versions = await db.DatasetVersions.Where(version => version.DatasetId == id).OrderByDescending(version => version.Number)
            .Select(version => new DatasetVersionInfo(version.Id, version.Number, version.Rows, version.HeldOutRows, version.Bytes, version.Sha256, version.Source, version.CreatedAt))
            .ToListAsync(cancellation);
        var runs = await db.Runs.Where(run => run.DatasetVersion!.DatasetId == id).OrderByDescending(run => run.CreatedAt)
            .Select(run => new RunReference(run.Id, run.Name)).ToListAsync(cancellation);
        return new DatasetDetail(summary, versions, runs);
    }

    /// <param name="search">Only rows whose prompt or response contains this, whatever the case.</param>
    public async Task<Page<DatasetRow>> RowsAsync(Guid id, int skip, int take, string? search = null, CancellationToken cancellation = default)
    {
        var (_, file) = await FileAsync(id, cancellation);
        var text = search?.Trim();
        var rows = DatasetReader.Read(file).Select((example, index) => new DatasetRow(index + 1, example.PromptId, example.System, example.Prompt, example.Response));
        if (!string.IsNullOrEmpty(text))
        {
            rows = rows.Where(row => row.Prompt.Contains(text, StringComparison.OrdinalIgnoreCase) || row.Response.Contains(text, StringComparison.OrdinalIgnoreCase));
        }

        var page = new List<DatasetRow>();
        var total = 0;
        foreach (var row in rows)
        {
            cancellation.ThrowIfCancellationRequested();
            if (total >= skip && page.Count < Math.Clamp(take, 1, LargestPage))
            {
                page.Add(row);
            }

            total++;
        }

        return new Page<DatasetRow>(page, total);
    }

    /// <summary>Reads a completed upload without keeping anything. <paramref name="mapping"/> null: recognise the layout.</summary>
    public async Task<ImportPreview> PreviewAsync(Guid uploadId, ImportMapping? mapping = null, CancellationToken cancellation = default)
    {
        await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await importing.PreviewAsync(uploadId, mapping, cancellation);
    }

    /// <summary>All or nothing: the dataset version exists with its hash afterwards, or nothing changed. The upload is used up.</summary>
    public async Task<DatasetSummary> ImportAsync(ImportRequest request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await SummaryAsync(await importing.ImportAsync(me, request, cancellation), cancellation);
    }

    /// <summary>Refused while a run uses it.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var dataset = await db.Datasets.Include(row => row.Versions).FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("dataset");
        var users = await db.Runs.Where(run => run.DatasetVersion!.DatasetId == id).Select(run => run.Name).ToListAsync(cancellation);
        if (users.Count > 0)
        {
            throw new StudioException(Refusal.Conflict, $"{dataset.Name} is used by {users.Count} run{(users.Count == 1 ? "" : "s")} ({string.Join(", ", users.Take(3))}); delete {(users.Count == 1 ? "it" : "them")} first.");
        }

        var files = dataset.Versions.SelectMany(version => new[] { version.File, version.HeldOutFile }).OfType<string>().Distinct().ToList();
        db.Datasets.Remove(dataset);
        audit.Add(db, me, "dataset.delete", id, dataset.Name);
        await db.SaveChangesAsync(cancellation);

        // The same content may belong to another dataset, of this team or another.
        var kept = await db.DatasetVersions.Where(version => files.Contains(version.File) || files.Contains(version.HeldOutFile!)).Select(version => new { version.File, version.HeldOutFile }).ToListAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        foreach (var file in files.Except(kept.SelectMany(version => new[] { version.File, version.HeldOutFile })))
        {
            File.Delete(paths.InData(file!));
        }
    }

    /// <summary>Name and newest file of a dataset that the current user may see.</summary>
    internal async Task<(string Name, string File)> FileAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await db.DatasetVersions.Where(version => version.DatasetId == id && version.Dataset!.TeamId == me.TeamId).OrderByDescending(version => version.Number)
            .Select(version => new { version.Dataset!.Name, version.File }).FirstOrDefaultAsync(cancellation) ?? throw StudioException.NotFound("dataset");
        return (version.Name, paths.InData(version.File));
    }

    private async Task<DatasetSummary> SummaryAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Newest(db).Where(version => version.DatasetId == id && version.Dataset!.TeamId == me.TeamId).Select(Summary(db)).FirstOrDefaultAsync(cancellation)
            ?? throw StudioException.NotFound("dataset");
    }

    /// <summary>The newest version of each dataset.</summary>
    private static IQueryable<DatasetVersion> Newest(StudioDb db) =>
        db.DatasetVersions.Where(version => version.Number == db.DatasetVersions.Where(other => other.DatasetId == version.DatasetId).Max(other => other.Number));

    private static Expression<Func<DatasetVersion, DatasetSummary>> Summary(StudioDb db) => version => new DatasetSummary(
        version.DatasetId, version.Dataset!.Name, version.Dataset.Description, version.Id, version.Number, version.Rows, version.HeldOutRows, version.Bytes, version.Sha256,
        version.Source, version.Dataset.Bundled, version.Dataset.CreatedBy!.UserName, version.Dataset.CreatedAt, db.Runs.Count(run => run.DatasetVersion!.DatasetId == version.DatasetId));
}
