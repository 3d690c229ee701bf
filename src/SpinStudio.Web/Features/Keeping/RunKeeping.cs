using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Keeping;

/// <summary>Names, tags, notes, pins, archive and trash of the team's runs. Looking needs Viewer, changing needs Runner.</summary>
public sealed class RunKeeping(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, RunFeed feed, TimeProvider time)
{
    public const int LongestNotes = 20_000;
    public const int LongestName = 200;
    public const int LongestTag = 40;
    public const int MostTags = 20;
    public const int MostRuns = 500;

    internal static readonly RunStatus[] Working = [RunStatus.Queued, RunStatus.Running, RunStatus.Stopping, RunStatus.Interrupted];

    public async Task<RunKept> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.Where(run => run.Id == id && run.TeamId == me.TeamId).Select(run => new RunKept(
                run.Id, run.Name, run.Status, run.Tags.OrderBy(tag => tag.Name).Select(tag => tag.Name).ToList(), run.Notes ?? "", run.PinnedAt != null, run.ArchivedAt != null, run.TrashedAt,
                db.Users.Where(user => user.Id == run.TrashedById).Select(user => user.UserName).FirstOrDefault(), run.PurgedAt, run.PurgedBytes))
            .FirstOrDefaultAsync(cancellation) ?? throw StudioException.NotFound("run");
    }

    /// <summary>The team's tags, the most used first.</summary>
    public async Task<IReadOnlyList<string>> TagsAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.RunTags.Where(tag => tag.TeamId == me.TeamId).GroupBy(tag => tag.Name).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).Select(group => group.Key).ToListAsync(cancellation);
    }

    public async Task RenameAsync(Guid id, string name, CancellationToken cancellation = default)
    {
        var wanted = (name ?? "").Trim();
        if (wanted.Length is 0 or > LongestName || wanted.Any(char.IsControl))
        {
            throw new StudioException(Refusal.Invalid, $"A run's name has 1 to {LongestName} characters on one line (got {wanted.Length}).");
        }

        await EditAsync(id, "run.rename", run =>
        {
            var detail = $"{run.Name} → {wanted}";
            run.Name = wanted;
            return detail;
        }, cancellation);
    }

    public async Task WriteNotesAsync(Guid id, NotesChange change, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var text = (change.Text ?? "").Trim();
        if (text.Length > LongestNotes)
        {
            throw new StudioException(Refusal.TooLarge, $"The notes have {text.Length:N0} characters; {LongestNotes:N0} are the limit. Put long texts beside the run and link to them.");
        }

        await EditAsync(id, "run.notes", run =>
        {
            if (change.Was is { } was && was.Trim() != (run.Notes ?? ""))
            {
                throw new StudioException(Refusal.Conflict, "Somebody changed these notes while you were writing. Copy your text, load the page again, and put the two together.");
            }

            run.Notes = text.Length == 0 ? null : text;
            return run.Name;
        }, cancellation);
    }

    /// <summary>Does the same to each; those that cannot be changed stay as they are and are told.</summary>
    public async Task<ChangedRuns> ChangeAsync(ChangeRuns change, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var tag = change.Change is RunChange.Tag or RunChange.Untag ? TagName(change.Tag) : null;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var runs = await RunsAsync(db, me, change.Ids, cancellation);
        List<string> refused = [];
        List<Guid> changed = [];
        foreach (var run in runs)
        {
            if (Apply(run, me, change.Change, tag) is { } reason)
            {
                refused.Add(reason);
                continue;
            }

            changed.Add(run.Id);
            audit.Add(db, me, $"run.{change.Change.ToString().ToLowerInvariant()}", run.Id, tag is null ? run.Name : $"{run.Name}: {tag}");
        }

        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        foreach (var id in changed)
        {
            await feed.StateChangedAsync(id, cancellation);
        }

        return new ChangedRuns(changed.Count, refused);
    }

    /// <summary>The same for one run; what cannot be done is refused.</summary>
    public async Task ChangeAsync(Guid id, RunChange change, string? tag = null, CancellationToken cancellation = default)
    {
        if ((await ChangeAsync(new ChangeRuns([id], change, tag), cancellation)).Refused is [var reason, ..])
        {
            throw new StudioException(Refusal.Conflict, reason);
        }
    }

    /// <summary>All the runs asked for, tags included; an unknown one, or one of another team, refuses the whole request.</summary>
    internal static async Task<List<Run>> RunsAsync(StudioDb db, UserInfo me, IReadOnlyList<Guid>? ids, CancellationToken cancellation)
    {
        var wanted = (ids ?? []).Distinct().ToList();
        if (wanted.Count is 0 or > MostRuns)
        {
            throw new StudioException(Refusal.Invalid, $"ids must name 1 to {MostRuns} runs (got {wanted.Count}).");
        }

        var runs = await db.Runs.Include(run => run.Tags).Where(run => run.TeamId == me.TeamId && wanted.Contains(run.Id)).ToListAsync(cancellation);
        return runs.Count == wanted.Count ? runs : throw StudioException.NotFound("run");
    }

    /// <returns>Null when it went well, else why it did not.</returns>
    private string? Apply(Run run, UserInfo me, RunChange change, string? tag)
    {
        switch (change)
        {
            case RunChange.Tag when run.Tags.Any(own => own.Name == tag):
                break;
            case RunChange.Tag when run.Tags.Count >= MostTags:
                return $"{run.Name} has {MostTags} tags, which is the limit; take one away first.";
            case RunChange.Tag:
                run.Tags.Add(new RunTag { RunId = run.Id, TeamId = run.TeamId, Name = tag! });
                break;
            case RunChange.Untag:
                run.Tags.RemoveAll(own => own.Name == tag);
                break;
            case RunChange.Pin:
                run.PinnedAt ??= time.GetUtcNow();
                break;
            case RunChange.Unpin:
                run.PinnedAt = null;
                break;
            case RunChange.Archive:
                run.ArchivedAt ??= time.GetUtcNow();
                break;
            case RunChange.Unarchive:
                run.ArchivedAt = null;
                break;
            case RunChange.Trash when Working.Contains(run.Status):
                return $"{run.Name} is {run.Status}; stop it before putting it into the trash.";
            case RunChange.Trash:
                (run.TrashedAt, run.TrashedById) = (run.TrashedAt ?? time.GetUtcNow(), run.TrashedById ?? me.Id);
                break;
            case RunChange.Restore:
                (run.TrashedAt, run.TrashedById) = (null, null);
                break;
        }

        return null;
    }

    private async Task EditAsync(Guid id, string action, Func<Run, string> edit, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var run = await db.Runs.FirstOrDefaultAsync(run => run.Id == id && run.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("run");
        audit.Add(db, me, action, id, edit(run));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await feed.StateChangedAsync(id, cancellation);
    }

    /// <summary>A tag as it is stored.</summary>
    internal static string TagName(string? text)
    {
        var name = string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
        return name.Length is > 0 and <= LongestTag && !name.Any(c => char.IsControl(c) || c == ',')
            ? name
            : throw new StudioException(Refusal.Invalid, $"A tag has 1 to {LongestTag} characters and no comma (got '{name}').");
    }
}
