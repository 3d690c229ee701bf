using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Datasets of the current user's team. Refusals are <see cref="StudioException"/>.</summary>
public sealed class DatasetService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, DatasetImporting importing, DatasetVersions versions, DatasetStore store, DatasetMeasuring measuring, AuditLog audit,
    StudioPaths paths, TimeProvider time)
{
    private const int NamedRuns = 5;

    public async Task<IReadOnlyList<DatasetSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Newest(db).Where(version => version.Dataset!.TeamId == me.TeamId).OrderByDescending(version => version.Dataset!.CreatedAt).Select(Summary(db)).ToListAsync(cancellation);
    }

    public async Task<DatasetDetail> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var summary = await SummaryAsync(id, cancellation);
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var infos = await db.DatasetVersions.Where(version => version.DatasetId == id).OrderByDescending(version => version.Number)
            .Select(version => new DatasetVersionInfo(
                version.Id, version.Number, version.Rows, version.HeldOutRows, version.Bytes, version.Sha256, version.Source,
                db.Users.Where(user => user.Id == version.CreatedById).Select(user => user.UserName).FirstOrDefault(),
                db.DatasetVersions.Where(parent => parent.Id == version.ParentId && parent.Dataset!.TeamId == me.TeamId)
                    .Select(parent => new VersionReference(parent.DatasetId, parent.Dataset!.Name, parent.Number)).FirstOrDefault(),
                version.CreatedAt, db.Runs.Count(run => run.DatasetVersionId == version.Id)))
            .ToListAsync(cancellation);
        var files = await db.DatasetVersions.Where(version => version.DatasetId == id).Select(version => new { version.File, version.HeldOutFile }).ToListAsync(cancellation);
        var runs = await db.Runs.Where(run => run.DatasetVersion!.DatasetId == id).OrderByDescending(run => run.CreatedAt)
            .Select(run => new RunReference(run.Id, run.Name)).ToListAsync(cancellation);
        return new DatasetDetail(summary, infos, runs, SizeOf(files.SelectMany(version => new[] { version.File, version.HeldOutFile })));
    }

    /// <summary>A first look at completed uploads, at most so many rows of each; nothing is kept.</summary>
    /// <inheritdoc cref="PreviewAsync(IReadOnlyList{Guid}, ImportMapping?, int, IProgress{int}?, CancellationToken)"/>
    public Task<ImportPreview> PreviewAsync(Guid uploadId, ImportMapping? mapping = null, CancellationToken cancellation = default) =>
        PreviewAsync([uploadId], mapping, int.MaxValue, null, cancellation);

    /// <summary>Reads completed uploads without keeping anything.</summary>
    /// <param name="mapping">Null: recognise the layout.</param>
    /// <param name="mostRows">Rows of each file after which it ends.</param>
    /// <param name="progress">Rows looked at so far.</param>
    public async Task<ImportPreview> PreviewAsync(
        IReadOnlyList<Guid> uploadIds, ImportMapping? mapping, int mostRows, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await importing.PreviewAsync(uploadIds, mapping, mostRows, progress, cancellation);
    }

    /// <summary>All or nothing: the dataset version exists with its hash afterwards, or nothing changed. The uploads are used up.</summary>
    public async Task<DatasetSummary> ImportAsync(ImportRequest request, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await SummaryAsync(await importing.ImportAsync(me, request, progress, cancellation), cancellation);
    }

    /// <summary>Adds the bundled dataset, where the team has none of its name.</summary>
    public async Task<DatasetSummary> AddSampleAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        Dataset dataset;
        try
        {
            dataset = await store.AddBundledAsync(me.TeamId, time.GetUtcNow(), cancellation);
        }
        catch (BadInputException missing)
        {
            throw new StudioException(Refusal.NotFound, $"The bundled sample is not complete: {missing.Message}.");
        }

        await versions.NewNameAsync(me, dataset.Name, null, cancellation);
        dataset.CreatedById = me.Id;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        db.Datasets.Add(dataset);
        audit.Add(db, me, "dataset.sample", dataset.Id, dataset.Name);
        await db.SaveChangesAsync(cancellation);
        measuring.Ask(dataset.Versions[0].Id);
        return await SummaryAsync(dataset.Id, cancellation);
    }

    /// <summary>Renames or describes. Versions and runs keep referring to it.</summary>
    public async Task<DatasetSummary> ChangeAsync(Guid id, DatasetChange change, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var dataset = await db.Datasets.FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("dataset");
        var before = dataset.Name;
        if (change.Name is not null)
        {
            dataset.Name = await versions.NewNameAsync(me, change.Name, id, cancellation);
        }

        if (change.Description is not null)
        {
            dataset.Description = DatasetVersions.Description(change.Description);
        }

        audit.Add(db, me, "dataset.change", id, before == dataset.Name ? dataset.Name : $"{before}, now {dataset.Name}");
        await db.SaveChangesAsync(cancellation);
        return await SummaryAsync(id, cancellation);
    }

    /// <summary>Refused while a run uses it.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var dataset = await FindAsync(db, me, id, cancellation);
        RefuseUsed(dataset.Name, await db.Runs.Where(run => run.DatasetVersion!.DatasetId == id).OrderBy(run => run.CreatedAt).Select(run => run.Name).ToListAsync(cancellation));
        db.Datasets.Remove(dataset);
        audit.Add(db, me, "dataset.delete", id, dataset.Name);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await DropUnusedAsync(db, dataset.Versions, cancellation);
    }

    /// <summary>Refused while a run uses it, and for the only version.</summary>
    public async Task DeleteVersionAsync(Guid id, int number, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var dataset = await FindAsync(db, me, id, cancellation);
        var version = dataset.Versions.Find(version => version.Number == number) ?? throw StudioException.NotFound("version of the dataset");
        RefuseUsed($"Version {number} of {dataset.Name}", await db.Runs.Where(run => run.DatasetVersionId == version.Id).OrderBy(run => run.CreatedAt).Select(run => run.Name).ToListAsync(cancellation));
        if (dataset.Versions.Count == 1)
        {
            throw new StudioException(Refusal.Conflict, $"Version {number} is the only one of {dataset.Name}; delete the dataset instead.");
        }

        db.DatasetVersions.Remove(version);
        audit.Add(db, me, "dataset.delete-version", id, $"{dataset.Name} version {number}");
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await DropUnusedAsync(db, [version], cancellation);
    }

    private static async Task<Dataset> FindAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation) =>
        await db.Datasets.Include(row => row.Versions).FirstOrDefaultAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("dataset");

    private static void RefuseUsed(string what, List<string> runs)
    {
        if (runs.Count > 0)
        {
            var names = string.Join(", ", runs.Take(NamedRuns)) + (runs.Count > NamedRuns ? $" and {runs.Count - NamedRuns} more" : "");
            throw new StudioException(Refusal.Conflict, $"{what} is used by {runs.Count} run{(runs.Count == 1 ? "" : "s")} ({names}); delete {(runs.Count == 1 ? "it" : "them")} first.");
        }
    }

    /// <summary>Deletes files that no version names any more: the same content may belong to another dataset, of this team or another.</summary>
    private async Task DropUnusedAsync(StudioDb db, IEnumerable<DatasetVersion> removed, CancellationToken cancellation)
    {
        var files = removed.SelectMany(version => new[] { version.File, version.HeldOutFile }).OfType<string>().Distinct().ToList();
        var kept = await db.DatasetVersions.Where(version => files.Contains(version.File) || files.Contains(version.HeldOutFile!)).Select(version => new { version.File, version.HeldOutFile }).ToListAsync(cancellation);
        foreach (var file in files.Except(kept.SelectMany(version => new[] { version.File, version.HeldOutFile })).Select(file => paths.InData(file!)))
        {
            File.Delete(file);
            File.Delete(RowIndex.PathOf(file));
        }
    }

    private long SizeOf(IEnumerable<string?> files) => files.OfType<string>().Distinct().Select(file => new FileInfo(paths.InData(file))).Where(file => file.Exists).Sum(file => file.Length);

    internal async Task<DatasetSummary> SummaryAsync(Guid id, CancellationToken cancellation)
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
