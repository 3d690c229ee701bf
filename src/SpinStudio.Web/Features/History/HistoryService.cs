using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.History;

/// <summary>Finds runs of the current user's team.</summary>
public sealed class HistoryService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    private const string None = "";

    public async Task<HistoryPageOfRuns> ListAsync(HistoryQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var matching = HistoryFilter.Matching(db, me.TeamId, query);
        var entries = HistoryFilter.Entries(matching, query.Group);
        var total = await matching.CountAsync(cancellation);
        var page = await HistoryFilter.Sorted(entries, query).Skip((query.Page - 1) * query.Size).Take(query.Size).Select(entry => new { entry.Run.Id, entry.Tag }).ToListAsync(cancellation);
        var groups = await GroupsAsync(entries, query.Group, cancellation);
        var rows = (await RowsAsync(db, [.. page.Select(entry => entry.Id).Distinct()], cancellation)).ToDictionary(row => row.Run.Id);
        return new HistoryPageOfRuns(
            [.. page.Where(entry => rows.ContainsKey(entry.Id)).Select(entry => rows[entry.Id] with { Group = GroupOf(rows[entry.Id], query.Group, entry.Tag) })],
            groups, total, query.Group == RunGrouping.Tag ? groups.Sum(group => group.Count) : total);
    }

    /// <summary>All rows that match, a page at a time: for the download.</summary>
    internal async IAsyncEnumerable<HistoryRow> AllAsync(HistoryQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var page = 1; ; page++)
        {
            var rows = (await ListAsync(query with { Page = page, Size = HistoryQuery.LargestPage, Group = RunGrouping.None }, cancellation)).Items;
            foreach (var row in rows)
            {
                yield return row;
            }

            if (rows.Count < HistoryQuery.LargestPage)
            {
                yield break;
            }
        }
    }

    public async Task<HistoryChoices> ChoicesAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var all = db.Runs.Where(run => run.TeamId == me.TeamId);
        var entries = HistoryFilter.Entries(all, RunGrouping.None);
        return new HistoryChoices(
            await GroupsAsync(entries, RunGrouping.Dataset, cancellation),
            await GroupsAsync(entries, RunGrouping.Model, cancellation),
            await GroupsAsync(entries, RunGrouping.Person, cancellation),
            [.. (await db.RunTags.Where(tag => tag.TeamId == me.TeamId).GroupBy(tag => tag.Name).Select(group => new { group.Key, Count = group.Count() }).OrderBy(tag => tag.Key).ToListAsync(cancellation))
                .Select(tag => new RunGroup(tag.Key, tag.Key, tag.Count, null))],
            await HistoryFilter.OnShelf(all, Shelf.Active).CountAsync(cancellation),
            await HistoryFilter.OnShelf(all, Shelf.Archived).CountAsync(cancellation),
            await HistoryFilter.OnShelf(all, Shelf.Trash).CountAsync(cancellation));
    }

    private static async Task<List<RunGroup>> GroupsAsync(IQueryable<HistoryEntry> entries, RunGrouping group, CancellationToken cancellation)
    {
        switch (group)
        {
            case RunGrouping.Dataset:
                var datasets = await entries.GroupBy(entry => new { Id = (Guid?)entry.Run.DatasetVersion!.DatasetId, Name = entry.Run.DatasetVersion.Dataset!.Name })
                    .Select(g => new { g.Key.Id, g.Key.Name, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(datasets.Select(g => Group(g.Id, g.Name, "a deleted dataset", g.Count, g.Best)));
            case RunGrouping.Model:
                var models = await entries.GroupBy(entry => new { Id = entry.Run.ModelId, entry.Run.Model!.Name })
                    .Select(g => new { g.Key.Id, g.Key.Name, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(models.Select(g => Group(g.Id, g.Name, "a deleted model", g.Count, g.Best)));
            case RunGrouping.Person:
                var people = await entries.GroupBy(entry => new { Id = entry.Run.CreatedById, Name = entry.Run.CreatedBy!.UserName })
                    .Select(g => new { g.Key.Id, g.Key.Name, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(people.Select(g => Group(g.Id, g.Name, "the studio", g.Count, g.Best)));
            case RunGrouping.Tag:
                var tags = await entries.GroupBy(entry => entry.Tag).Select(g => new { g.Key, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(tags.Select(g => new RunGroup(g.Key ?? None, g.Key ?? "without a tag", g.Count, g.Best)));
            case RunGrouping.Sweep:
                var sweeps = await entries.GroupBy(entry => entry.Run.GroupName).Select(g => new { g.Key, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(sweeps.Select(g => new RunGroup(g.Key ?? None, g.Key ?? "on their own", g.Count, g.Best)));
            case RunGrouping.Kind:
                var kinds = await entries.GroupBy(entry => entry.Run.Kind).Select(g => new { g.Key, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(kinds.Select(g => new RunGroup(g.Key, RunText.KindName(g.Key), g.Count, g.Best)));
            case RunGrouping.Status:
                var statuses = await entries.GroupBy(entry => entry.Run.Status).Select(g => new { g.Key, Count = g.Count(), Best = g.Max(entry => entry.Run.ExactBest) }).ToListAsync(cancellation);
                return ByName(statuses.Select(g => new RunGroup(HistoryQuery.Word(g.Key), g.Key.ToString(), g.Count, g.Best)));
            default:
                return [];
        }
    }

    private static RunGroup Group(Guid? id, string? name, string without, int count, double? best) => new(id?.ToString() ?? None, name ?? without, count, best);

    private static List<RunGroup> ByName(IEnumerable<RunGroup> groups) => [.. groups.OrderBy(group => group.Key == None).ThenBy(group => group.Label, StringComparer.OrdinalIgnoreCase)];

    private static string? GroupOf(HistoryRow row, RunGrouping group, string? tag) => group switch
    {
        RunGrouping.Dataset => row.Run.DatasetId?.ToString() ?? None,
        RunGrouping.Model => row.Run.ModelId?.ToString() ?? None,
        RunGrouping.Person => row.PersonId?.ToString() ?? None,
        RunGrouping.Status => HistoryQuery.Word(row.Run.Status),
        RunGrouping.Kind => row.Run.Kind,
        RunGrouping.Tag => tag ?? None,
        RunGrouping.Sweep => row.Run.GroupName ?? None,
        _ => null,
    };

    private static async Task<List<HistoryRow>> RowsAsync(StudioDb db, IReadOnlyList<Guid> ids, CancellationToken cancellation)
    {
        var wanted = db.Runs.Where(run => ids.Contains(run.Id));
        var summaries = (await RunView.SummariesAsync(db, wanted, cancellation)).ToDictionary(run => run.Id);
        var rows = await wanted.Select(run => new
        {
            run.Id, run.WorkSeconds, run.Steps, run.LossLast, run.LossMin, run.LossMax, run.LossCurve, run.ExactStart, run.ExactLast, run.ExactBest, run.ExactChange, run.ExactChangeLow,
            run.ExactChangeHigh, run.ExactCount, run.NllLast, run.NllBest, run.CreatedById, run.PinnedAt, run.ArchivedAt, run.TrashedAt, run.PurgedAt,
            Notes = run.Notes != null,
            TrashedBy = db.Users.Where(user => user.Id == run.TrashedById).Select(user => user.UserName).FirstOrDefault(),
        }).ToListAsync(cancellation);
        var tags = (await db.RunTags.Where(tag => ids.Contains(tag.RunId)).OrderBy(tag => tag.Name).ToListAsync(cancellation)).ToLookup(tag => tag.RunId, tag => tag.Name);
        return [.. rows.Where(row => summaries.ContainsKey(row.Id)).Select(row => new HistoryRow(
            summaries[row.Id],
            new RunFigures(row.WorkSeconds, row.Steps, row.LossLast, row.LossMin, row.LossMax, LossCurve.Values(row.LossCurve), row.ExactStart, row.ExactLast, row.ExactBest,
                row.ExactChange, row.ExactChangeLow, row.ExactChangeHigh, row.ExactCount, row.NllLast, row.NllBest),
            [.. tags[row.Id]], row.Notes, row.CreatedById, row.PinnedAt is not null, row.ArchivedAt is not null, row.TrashedAt, row.TrashedBy, row.PurgedAt, Group: null))];
    }
}
