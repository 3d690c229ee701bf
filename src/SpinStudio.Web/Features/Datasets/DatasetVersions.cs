using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Finds versions of the current user's team, and enters new ones.</summary>
public sealed class DatasetVersions(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, DatasetMeasuring measuring, AuditLog audit, StudioPaths paths)
{
    private const int LongestName = 200, LongestDescription = 2000;

    /// <summary>A version with its dataset.</summary>
    /// <param name="number">Null: the newest.</param>
    internal async Task<DatasetVersion> FindAsync(Guid datasetId, int? number, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.DatasetVersions.Include(version => version.Dataset)
            .Where(version => version.DatasetId == datasetId && version.Dataset!.TeamId == me.TeamId && (number == null || version.Number == number))
            .OrderByDescending(version => version.Number).FirstOrDefaultAsync(cancellation)
            ?? throw StudioException.NotFound(number is null ? "dataset" : "version of the dataset");
    }

    /// <summary>The file of a version's training or held-out rows, and how many there are.</summary>
    internal async Task<(string File, int Rows)> FileAsync(Guid datasetId, int? number, bool heldOut, CancellationToken cancellation)
    {
        var version = await FindAsync(datasetId, number, cancellation);
        return !heldOut ? (paths.InData(version.File), version.Rows)
            : version.HeldOutFile is { } file ? (paths.InData(file), version.HeldOutRows)
            : throw new StudioException(Refusal.NotFound, $"Version {version.Number} of {version.Dataset!.Name} has no held-out rows; split it first.");
    }

    /// <summary>Enters a version whose files are in place: into a dataset, or as the first of a new one.</summary>
    /// <param name="name">Of the new dataset, already checked; ignored with <paramref name="datasetId"/>.</param>
    internal async Task<Guid> AddAsync(UserInfo me, DatasetVersion version, Guid? datasetId, string name, string? description, string action, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        Dataset dataset;
        if (datasetId is { } existing)
        {
            dataset = await db.Datasets.FirstOrDefaultAsync(row => row.Id == existing && row.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("dataset");
            RefuseBundled(dataset);
            version.Number = 1 + await db.DatasetVersions.Where(row => row.DatasetId == existing).MaxAsync(row => row.Number, cancellation);
        }
        else
        {
            dataset = new Dataset { TeamId = me.TeamId, Name = name, Description = description, CreatedById = me.Id, CreatedAt = version.CreatedAt };
            version.Number = 1;
            db.Datasets.Add(dataset);
        }

        version.DatasetId = dataset.Id;
        version.CreatedById = me.Id;
        db.DatasetVersions.Add(version);
        audit.Add(db, me, action, dataset.Id, $"{dataset.Name} version {version.Number}, {version.Rows} rows");
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        measuring.Ask(version.Id);
        return dataset.Id;
    }

    /// <summary>A name that no dataset of the team has yet.</summary>
    /// <param name="but">A dataset that may have it.</param>
    internal async Task<string> NewNameAsync(UserInfo me, string? asked, Guid? but, CancellationToken cancellation)
    {
        var name = asked?.Trim() ?? "";
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new StudioException(Refusal.Invalid, $"A dataset needs a name of 1 to {LongestName} characters in one line.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Datasets.AnyAsync(dataset => dataset.TeamId == me.TeamId && dataset.Name == name && dataset.Id != but, cancellation)
            ? throw new StudioException(Refusal.Conflict, $"There is a dataset called {name}; choose another name, or add a version to it.")
            : name;
    }

    /// <summary>A description, or null when there is none.</summary>
    internal static string? Description(string? asked)
    {
        var text = asked?.Trim();
        return text?.Length > LongestDescription ? throw new StudioException(Refusal.Invalid, $"The description has {text.Length} characters; the limit is {LongestDescription}.")
            : string.IsNullOrEmpty(text) ? null : text;
    }

    internal static void RefuseBundled(Dataset dataset)
    {
        if (dataset.Bundled)
        {
            throw new StudioException(Refusal.Conflict, $"{dataset.Name} came with the studio and stays as it is; make a new dataset of it by giving a name.");
        }
    }
}
