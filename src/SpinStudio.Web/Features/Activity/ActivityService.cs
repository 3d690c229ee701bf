using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Activity;

/// <summary>Something that somebody of the team did.</summary>
/// <param name="Action">As in the audit log, such as run.stop.</param>
/// <param name="Did">For people: "stopped the run".</param>
/// <param name="Detail">The object's name at that time.</param>
/// <param name="Address">Of the object's page; null when it has none.</param>
public sealed record ActivityEntry(long Id, DateTimeOffset At, string Who, string Action, string Did, string? Detail, string? Address);

/// <param name="Kind">Of the object: run, dataset, model, queue, member…; null: all.</param>
/// <param name="Page">From 1.</param>
public sealed record ActivityQuery(Guid? Person = null, Guid? Run = null, string? Kind = null, int Page = 1);

/// <summary>What the current user's team did, from the audit log.</summary>
public sealed class ActivityService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public const int PageSize = 50;

    /// <summary>Newest first.</summary>
    public async Task<Page<ActivityEntry>> ListAsync(ActivityQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        if (query.Kind is { } kind && !ActivityText.Kinds.ContainsKey(kind))
        {
            throw new StudioException(Refusal.Invalid, $"kind must be one of {string.Join(", ", ActivityText.Kinds.Keys)} (got '{kind}').");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var entries = db.AuditEntries.Where(entry => entry.TeamId == me.TeamId);
        if (query.Person is { } person)
        {
            entries = entries.Where(entry => entry.UserId == person);
        }

        if (query.Run is { } run)
        {
            var subject = run.ToString();
            entries = entries.Where(entry => entry.Subject == subject);
        }

        if (query.Kind is { } wanted)
        {
            var prefix = wanted + ".";
            entries = entries.Where(entry => entry.Action.StartsWith(prefix));
        }

        var total = await entries.CountAsync(cancellation);
        var rows = await entries.OrderByDescending(entry => entry.Id).Skip((Math.Max(1, query.Page) - 1) * PageSize).Take(PageSize).AsNoTracking().ToListAsync(cancellation);
        return new Page<ActivityEntry>([.. rows.Select(ActivityText.Entry)], total);
    }

    /// <summary>Everybody of the team who ever did something, with their id.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> PeopleAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.AuditEntries.Where(entry => entry.TeamId == me.TeamId && entry.UserId != null).GroupBy(entry => entry.UserId!.Value)
            .Select(group => new { group.Key, Name = group.Max(entry => entry.UserName)! }).ToDictionaryAsync(person => person.Key, person => person.Name, cancellation);
    }
}
