using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Activity;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Discussion;

/// <summary>What members say about runs. Looking needs Viewer, writing needs Rater; everybody changes only what is theirs.</summary>
public sealed partial class CommentService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AuditLog audit, TeamEvents events, TeamNews news, TimeProvider time)
{
    public const int Longest = 5000;
    private const int MostListed = 500;

    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<CommentInfo>> ListAsync(Guid runId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await RunAsync(db, me, runId, cancellation);
        var names = await NamesAsync(db, me.TeamId, cancellation);
        var rows = await db.Comments.AsNoTracking().Where(comment => comment.RunId == runId && comment.TeamId == me.TeamId).OrderByDescending(comment => comment.CreatedAt).Take(MostListed).ToListAsync(cancellation);
        return [.. rows.OrderBy(comment => comment.CreatedAt).Select(comment => Info(comment, me, names))];
    }

    /// <summary>Names that can be addressed.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await NamesAsync(db, me.TeamId, cancellation);
    }

    public async Task<CommentInfo> AddAsync(Guid runId, NewComment wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        var body = Checked(wanted.Body);
        if (wanted.Anchor is { } anchor && !Anchor().IsMatch(anchor))
        {
            throw new StudioException(Refusal.Invalid, $"anchor must be like iteration:2, step:120 or prompt:00000000000000a1 (got '{anchor}').");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var name = await RunAsync(db, me, runId, cancellation);
        var comment = new Comment { TeamId = me.TeamId, RunId = runId, AuthorId = me.Id, AuthorName = me.Name, Body = body, Anchor = wanted.Anchor, CreatedAt = time.GetUtcNow() };
        db.Comments.Add(comment);
        await AddressAsync(db, comment, name, cancellation);
        audit.Add(db, me, "run.comment", runId, name);
        await db.SaveChangesAsync(cancellation);
        return Info(comment, me, await NamesAsync(db, me.TeamId, cancellation));
    }

    /// <summary>Only the author may; whoever is newly addressed is told.</summary>
    public async Task<CommentInfo> EditAsync(Guid commentId, string body, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        var text = Checked(body);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var comment = await FindAsync(db, me, commentId, cancellation);
        if (comment.AuthorId != me.Id)
        {
            throw new StudioException(Refusal.Forbidden, $"This comment is {comment.AuthorName}'s; only they can change it.");
        }

        (comment.Body, comment.EditedAt) = (text, time.GetUtcNow());
        var run = await RunAsync(db, me, comment.RunId, cancellation);
        await AddressAsync(db, comment, run, cancellation);
        audit.Add(db, me, "run.comment-edit", comment.RunId, run);
        await db.SaveChangesAsync(cancellation);
        return Info(comment, me, await NamesAsync(db, me.TeamId, cancellation));
    }

    /// <summary>Its author or an Admin may.</summary>
    public async Task DeleteAsync(Guid commentId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var comment = await FindAsync(db, me, commentId, cancellation);
        if (comment.AuthorId != me.Id && !me.May(TeamRole.Admin))
        {
            throw new StudioException(Refusal.Forbidden, $"This comment is {comment.AuthorName}'s; only they or an Admin can delete it.");
        }

        db.Comments.Remove(comment);
        audit.Add(db, me, "run.comment-delete", comment.RunId, await RunAsync(db, me, comment.RunId, cancellation));
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>Comments that address the current user, unread ones first, then newest first.</summary>
    public async Task<IReadOnlyList<MentionInfo>> MentionsAsync(int take = 50, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var names = await NamesAsync(db, me.TeamId, cancellation);
        var rows = await db.Mentions.Where(mention => mention.UserId == me.Id && mention.Comment!.TeamId == me.TeamId)
            .OrderBy(mention => mention.ReadAt != null).ThenByDescending(mention => mention.Comment!.CreatedAt).Take(Math.Clamp(take, 1, MostListed))
            .Select(mention => new { Comment = mention.Comment!, mention.ReadAt, Run = db.Runs.Where(run => run.Id == mention.Comment!.RunId).Select(run => run.Name).First() })
            .ToListAsync(cancellation);
        return [.. rows.Select(row => new MentionInfo(
            row.Comment.Id, row.Comment.RunId, row.Run, row.Comment.AuthorName, SafeMarkdown.ToHtml(row.Comment.Body, names), row.Comment.Anchor, row.Comment.CreatedAt, row.ReadAt is not null))];
    }

    /// <summary>Marks mentions of the current user as read: those on one run, or with null all.</summary>
    public async Task ReadAsync(Guid? runId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        await db.Mentions.Where(mention => mention.UserId == me.Id && mention.ReadAt == null && (runId == null || mention.Comment!.RunId == runId))
            .ExecuteUpdateAsync(mention => mention.SetProperty(x => x.ReadAt, now), cancellation);
        await db.Notifications.Where(row => row.UserId == me.Id && row.ReadAt == null && row.Event!.Kind == EventKinds.Mention && (runId == null || row.Event.SubjectId == runId))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.ReadAt, now), cancellation);
        news.Tell(me.TeamId);
    }

    /// <summary>Adds a mention for each member that the text names and that has none yet; the longest names first, so that "@Ann Lee" is not "@Ann".</summary>
    private async Task AddressAsync(StudioDb db, Comment comment, string run, CancellationToken cancellation)
    {
        var addressed = new List<Guid>();
        var members = await db.TeamMembers.Where(member => member.TeamId == comment.TeamId).Select(member => new { member.UserId, Name = member.User!.UserName! }).ToListAsync(cancellation);
        var known = await db.Mentions.Where(mention => mention.CommentId == comment.Id).Select(mention => mention.UserId).ToListAsync(cancellation);
        var rest = comment.Body;
        foreach (var member in members.OrderByDescending(member => member.Name.Length))
        {
            var pattern = $@"(?<![\w@])@{Regex.Escape(member.Name)}(?!\w)";
            if (!Regex.IsMatch(rest, pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant))
            {
                continue;
            }

            rest = Regex.Replace(rest, pattern, " ", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
            if (member.UserId != comment.AuthorId && !known.Contains(member.UserId))
            {
                db.Mentions.Add(new Mention { CommentId = comment.Id, UserId = member.UserId });
                addressed.Add(member.UserId);
            }
        }

        if (addressed.Count > 0)
        {
            var now = time.GetUtcNow();
            await events.AddAsync(db, new TeamEvent
            {
                TeamId = comment.TeamId, Kind = EventKinds.Mention, Key = $"{EventKinds.Mention}:{comment.Id}:{now.UtcTicks}", SubjectId = comment.RunId,
                Text = $"{comment.AuthorName} named you in a comment on {run}.", Path = $"/runs/{comment.RunId}/discussion#comment-{comment.Id}", At = now,
            }, addressed, cancellation);
        }
    }

    private static CommentInfo Info(Comment comment, UserInfo me, IReadOnlyCollection<string> names) => new(
        comment.Id, comment.RunId, comment.AuthorName, comment.AuthorId == me.Id, comment.AuthorId == me.Id || me.May(TeamRole.Admin), comment.Body, SafeMarkdown.ToHtml(comment.Body, names),
        comment.Anchor, comment.CreatedAt, comment.EditedAt);

    private static Task<List<string>> NamesAsync(StudioDb db, Guid team, CancellationToken cancellation) =>
        db.TeamMembers.Where(member => member.TeamId == team).Select(member => member.User!.UserName!).OrderByDescending(name => name.Length).ThenBy(name => name).ToListAsync(cancellation);

    private static async Task<Comment> FindAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation) =>
        await db.Comments.FirstOrDefaultAsync(comment => comment.Id == id && comment.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("comment");

    private static async Task<string> RunAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation) =>
        await db.Runs.Where(run => run.Id == id && run.TeamId == me.TeamId).Select(run => run.Name).FirstOrDefaultAsync(cancellation) ?? throw StudioException.NotFound("run");

    private static string Checked(string? body)
    {
        var text = (body ?? "").Trim();
        return text.Length is > 0 and <= Longest ? text : throw new StudioException(Refusal.Invalid, $"A comment has 1 to {Longest:N0} characters (got {text.Length:N0}).");
    }

    [GeneratedRegex(@"^(iteration:-?\d{1,4}|step:\d{1,12}|prompt:[0-9a-f]{16})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Anchor();
}
