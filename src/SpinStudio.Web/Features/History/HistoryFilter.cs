using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.History;

/// <summary>A run in the list: once, or with grouping by tag once for each of its tags.</summary>
internal sealed class HistoryEntry
{
    public required Run Run { get; init; }

    public string? Tag { get; init; }
}

/// <summary>The query as SQL.</summary>
internal static class HistoryFilter
{
    private const int MostWords = 8;

    /// <summary>The team's runs that match.</summary>
    public static IQueryable<Run> Matching(StudioDb db, Guid team, HistoryQuery query)
    {
        var runs = OnShelf(db.Runs.Where(run => run.TeamId == team), query.Shelf);
        if (query.Status.Count > 0)
        {
            runs = runs.Where(run => query.Status.Contains(run.Status));
        }

        if (query.Kind is { } kind)
        {
            runs = runs.Where(run => run.Kind == kind);
        }

        if (query.Dataset is { } dataset)
        {
            runs = runs.Where(run => run.DatasetVersion!.DatasetId == dataset);
        }

        if (query.Model is { } model)
        {
            runs = runs.Where(run => run.ModelId == model);
        }

        if (query.Person is { } person)
        {
            runs = runs.Where(run => run.CreatedById == person);
        }

        foreach (var tag in query.Tags)
        {
            runs = runs.Where(run => run.Tags.Any(own => own.Name == tag));
        }

        if (query.Sweep is { } sweep)
        {
            runs = runs.Where(run => run.GroupName == sweep);
        }

        if (query.From is { } from)
        {
            var start = new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero);
            runs = runs.Where(run => run.CreatedAt >= start);
        }

        if (query.To is { } to)
        {
            var end = new DateTimeOffset(to, TimeOnly.MinValue, TimeSpan.Zero).AddDays(1);
            runs = runs.Where(run => run.CreatedAt < end);
        }

        return (query.Search ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(MostWords).Aggregate(runs, Containing);
    }

    public static IQueryable<Run> OnShelf(IQueryable<Run> runs, Shelf shelf) => shelf switch
    {
        Shelf.Active => runs.Where(run => run.TrashedAt == null && run.ArchivedAt == null),
        Shelf.Archived => runs.Where(run => run.TrashedAt == null && run.ArchivedAt != null),
        Shelf.Trash => runs.Where(run => run.TrashedAt != null),
        _ => runs,
    };

    private static IQueryable<Run> Containing(IQueryable<Run> runs, string word)
    {
        var pattern = Like.Containing(word);
        return runs.Where(run =>
            EF.Functions.Like(run.Name, pattern, Like.Escape)
            || EF.Functions.Like(run.GroupName!, pattern, Like.Escape)
            || EF.Functions.Like(run.Notes!, pattern, Like.Escape)
            || EF.Functions.Like(run.DatasetVersion!.Dataset!.Name, pattern, Like.Escape)
            || EF.Functions.Like(run.Model!.Name, pattern, Like.Escape)
            || EF.Functions.Like(run.CreatedBy!.UserName!, pattern, Like.Escape)
            || run.Tags.Any(tag => EF.Functions.Like(tag.Name, pattern, Like.Escape)));
    }

    public static IQueryable<HistoryEntry> Entries(IQueryable<Run> runs, RunGrouping group) => group == RunGrouping.Tag
        ? runs.SelectMany(run => run.Tags.DefaultIfEmpty(), (run, tag) => new HistoryEntry { Run = run, Tag = tag!.Name })
        : runs.Select(run => new HistoryEntry { Run = run, Tag = null });

    /// <summary>By group, then pinned ones first, then as asked for; the newest first among equals.</summary>
    public static IQueryable<HistoryEntry> Sorted(IQueryable<HistoryEntry> entries, HistoryQuery query)
    {
        var grouped = query.Group switch
        {
            RunGrouping.Dataset => entries.OrderBy(entry => entry.Run.DatasetVersion!.Dataset!.Name == null).ThenBy(entry => entry.Run.DatasetVersion!.Dataset!.Name).ThenBy(entry => entry.Run.DatasetVersion!.DatasetId),
            RunGrouping.Model => entries.OrderBy(entry => entry.Run.Model!.Name == null).ThenBy(entry => entry.Run.Model!.Name).ThenBy(entry => entry.Run.ModelId),
            RunGrouping.Status => entries.OrderBy(entry => entry.Run.Status),
            RunGrouping.Kind => entries.OrderBy(entry => entry.Run.Kind),
            RunGrouping.Person => entries.OrderBy(entry => entry.Run.CreatedBy!.UserName == null).ThenBy(entry => entry.Run.CreatedBy!.UserName).ThenBy(entry => entry.Run.CreatedById),
            RunGrouping.Tag => entries.OrderBy(entry => entry.Tag == null).ThenBy(entry => entry.Tag),
            RunGrouping.Sweep => entries.OrderBy(entry => entry.Run.GroupName == null).ThenBy(entry => entry.Run.GroupName),
            _ => entries.OrderBy(entry => 0),
        };
        var pinned = grouped.ThenBy(entry => entry.Run.PinnedAt == null);
        var sorted = query.Sort switch
        {
            RunSort.Created => By(pinned, entry => entry.Run.CreatedAt, query.Descending),
            RunSort.Ended => By(pinned.ThenBy(entry => entry.Run.EndedAt == null), entry => entry.Run.EndedAt, query.Descending),
            RunSort.Name => By(pinned, entry => entry.Run.Name.ToLower(), query.Descending),
            RunSort.Status => By(pinned, entry => entry.Run.Status, query.Descending),
            RunSort.Kind => By(pinned, entry => entry.Run.Kind, query.Descending),
            RunSort.Dataset => By(pinned.ThenBy(entry => entry.Run.DatasetVersionId == null), entry => entry.Run.DatasetVersion!.Dataset!.Name, query.Descending),
            RunSort.Model => By(pinned.ThenBy(entry => entry.Run.ModelId == null), entry => entry.Run.Model!.Name, query.Descending),
            RunSort.Person => By(pinned.ThenBy(entry => entry.Run.CreatedById == null), entry => entry.Run.CreatedBy!.UserName, query.Descending),
            RunSort.Progress => By(pinned, entry => entry.Run.Overall, query.Descending),
            RunSort.Duration => By(pinned.ThenBy(entry => entry.Run.WorkSeconds == null), entry => entry.Run.WorkSeconds, query.Descending),
            RunSort.Steps => By(pinned.ThenBy(entry => entry.Run.Steps == null), entry => entry.Run.Steps, query.Descending),
            RunSort.Loss => By(pinned.ThenBy(entry => entry.Run.LossLast == null), entry => entry.Run.LossLast, query.Descending),
            RunSort.LossMin => By(pinned.ThenBy(entry => entry.Run.LossMin == null), entry => entry.Run.LossMin, query.Descending),
            RunSort.LossMax => By(pinned.ThenBy(entry => entry.Run.LossMax == null), entry => entry.Run.LossMax, query.Descending),
            RunSort.Exact => By(pinned.ThenBy(entry => entry.Run.ExactLast == null), entry => entry.Run.ExactLast, query.Descending),
            RunSort.ExactBest => By(pinned.ThenBy(entry => entry.Run.ExactBest == null), entry => entry.Run.ExactBest, query.Descending),
            RunSort.ExactChange => By(pinned.ThenBy(entry => entry.Run.ExactChange == null), entry => entry.Run.ExactChange, query.Descending),
            RunSort.Nll => By(pinned.ThenBy(entry => entry.Run.NllLast == null), entry => entry.Run.NllLast, query.Descending),
            RunSort.NllBest => By(pinned.ThenBy(entry => entry.Run.NllBest == null), entry => entry.Run.NllBest, query.Descending),
            _ => throw new InvalidOperationException($"No order is known for {query.Sort}."),
        };
        return sorted.ThenByDescending(entry => entry.Run.CreatedAt).ThenBy(entry => entry.Run.Id);
    }

    private static IOrderedQueryable<HistoryEntry> By<TKey>(IOrderedQueryable<HistoryEntry> entries, System.Linq.Expressions.Expression<Func<HistoryEntry, TKey>> key, bool descending) =>
        descending ? entries.ThenByDescending(key) : entries.ThenBy(key);
}
