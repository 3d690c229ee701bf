using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Activity;
using SpinStudio.Web.Features.Downloads;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Audit;

/// <summary>The audit log of the current team, for its Admins. It is only ever added to.</summary>
public sealed class AuditService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, ActivityService activity)
{
    public const int PageSize = 50;

    /// <summary>Lines of an export; narrower filters export the rest.</summary>
    public const int MostExported = 100_000;

    /// <summary>Newest first.</summary>
    public async Task<Page<AuditLine>> ListAsync(AuditQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        if (query.Page < 1)
        {
            throw new StudioException(Refusal.Invalid, $"page counts from 1 (got {query.Page}).");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var entries = Filtered(db, me, query);
        var total = await entries.CountAsync(cancellation);
        var rows = await entries.OrderByDescending(entry => entry.Id).Skip((query.Page - 1) * PageSize).Take(PageSize).AsNoTracking().ToListAsync(cancellation);
        return new Page<AuditLine>([.. rows.Select(Line)], total);
    }

    public async Task<AuditChoices> ChoicesAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return new AuditChoices(
            await activity.PeopleAsync(cancellation),
            await db.AuditEntries.Where(entry => entry.TeamId == me.TeamId).Select(entry => entry.Action).Distinct().OrderBy(action => action).ToListAsync(cancellation));
    }

    /// <summary>The whole filtered log as CSV, newest first, line by line from the database.</summary>
    /// <exception cref="StudioException">More than <see cref="MostExported"/> lines.</exception>
    internal async Task<Func<TextWriter, CancellationToken, Task>> CsvAsync(AuditQuery query, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await Filtered(db, me, query).CountAsync(cancellation) is var count and > MostExported)
        {
            throw new StudioException(Refusal.TooLarge, $"The filter leaves {count:N0} lines; an export has {MostExported:N0} at most. Choose a shorter time.");
        }

        return async (writer, stopping) =>
        {
            await using var rows = await databases.CreateDbContextAsync(stopping);
            await writer.WriteLineAsync("at,who,user_id,via,token,action,subject,detail");
            await foreach (var row in Filtered(rows, me, query).OrderByDescending(entry => entry.Id).AsNoTracking().AsAsyncEnumerable().WithCancellation(stopping))
            {
                string[] cells = [row.At.UtcDateTime.ToString("O"), row.UserName, row.UserId?.ToString() ?? "", row.Token is null ? "browser" : "token", row.Token ?? "", row.Action, row.Subject ?? "", row.Detail ?? ""];
                await writer.WriteLineAsync(string.Join(',', cells.Select(CsvCell.Text)).AsMemory(), stopping);
            }
        };
    }

    private static IQueryable<AuditEntry> Filtered(StudioDb db, UserInfo me, AuditQuery query)
    {
        var entries = db.AuditEntries.Where(entry => entry.TeamId == me.TeamId);
        if (query.Person is { } person)
        {
            entries = entries.Where(entry => entry.UserId == person);
        }

        if (query.Action is { Length: > 0 } action)
        {
            var kind = action + ".";
            entries = entries.Where(entry => entry.Action == action || entry.Action.StartsWith(kind));
        }

        entries = query.Via switch
        {
            null or "" => entries,
            "token" => entries.Where(entry => entry.Token != null),
            "browser" => entries.Where(entry => entry.Token == null),
            _ => throw new StudioException(Refusal.Invalid, $"via must be browser or token (got '{query.Via}')."),
        };
        if (query.From is { } from)
        {
            var first = new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero);
            entries = entries.Where(entry => entry.At >= first);
        }

        if (query.To is { } to && to < DateOnly.MaxValue)
        {
            var end = new DateTimeOffset(to.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
            entries = entries.Where(entry => entry.At < end);
        }

        return entries;
    }

    private static AuditLine Line(AuditEntry entry)
    {
        var words = ActivityText.Entry(entry);
        return new AuditLine(entry.Id, entry.At, entry.UserId, entry.UserName, entry.Token, entry.Action, words.Did, entry.Subject, entry.Detail, words.Address);
    }
}
