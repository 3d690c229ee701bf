using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Search;

/// <summary>Something of the team that a name leads to.</summary>
/// <param name="Kind">run, dataset or model.</param>
/// <param name="Detail">What tells it from others of its name.</param>
/// <param name="Address">Of its page.</param>
public sealed record SearchHit(string Kind, string Title, string Detail, string Address);

/// <summary>Finds runs, datasets and models of the current user's team by name.</summary>
public sealed class SearchService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    private const int MostOfAKind = 6;

    /// <param name="text">Part of the name, whatever the case; empty: the newest of each kind.</param>
    public async Task<IReadOnlyList<SearchHit>> FindAsync(string? text, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var pattern = Like.Containing(text ?? "");
        var runs = await db.Runs
            .Where(run => run.TeamId == me.TeamId && run.TrashedAt == null && EF.Functions.Like(run.Name, pattern, Like.Escape))
            .OrderByDescending(run => run.CreatedAt).Take(MostOfAKind)
            .Select(run => new { run.Id, run.Name, run.Status, run.Kind })
            .ToListAsync(cancellation);
        var datasets = await db.Datasets
            .Where(dataset => dataset.TeamId == me.TeamId && EF.Functions.Like(dataset.Name, pattern, Like.Escape))
            .OrderByDescending(dataset => dataset.CreatedAt).Take(MostOfAKind)
            .Select(dataset => new { dataset.Id, dataset.Name, Rows = dataset.Versions.OrderByDescending(version => version.Number).Select(version => version.Rows).FirstOrDefault() })
            .ToListAsync(cancellation);
        var models = await db.Models
            .Where(model => model.TeamId == me.TeamId && EF.Functions.Like(model.Name, pattern, Like.Escape))
            .OrderByDescending(model => model.CreatedAt).Take(MostOfAKind)
            .Select(model => new { model.Id, model.Name, model.Architecture })
            .ToListAsync(cancellation);
        return
        [
            .. runs.Select(run => new SearchHit("run", run.Name, $"{run.Kind}, {run.Status}", $"/runs/{run.Id}")),
            .. datasets.Select(dataset => new SearchHit("dataset", dataset.Name, FormattableString.Invariant($"{dataset.Rows:N0} rows"), $"/datasets/{dataset.Id}")),
            .. models.Select(model => new SearchHit("model", model.Name, model.Architecture, $"/models/{model.Id}")),
        ];
    }
}
