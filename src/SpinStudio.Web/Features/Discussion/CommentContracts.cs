namespace SpinStudio.Web.Features.Discussion;

/// <param name="Body">Markdown; 1 to 5,000 characters. <c>@name</c> addresses a member.</param>
/// <param name="Anchor">iteration:2, step:120 or prompt:00000000000000a1; null: the whole run.</param>
public sealed record NewComment(string Body, string? Anchor = null);

/// <param name="Html">Sanitised.</param>
/// <param name="Mine">Whether the asker wrote it.</param>
/// <param name="MayDelete">Own ones; an Admin any.</param>
public sealed record CommentInfo(Guid Id, Guid RunId, string Author, bool Mine, bool MayDelete, string Body, string Html, string? Anchor, DateTimeOffset CreatedAt, DateTimeOffset? EditedAt);

/// <summary>A comment that addresses the asker.</summary>
public sealed record MentionInfo(Guid CommentId, Guid RunId, string RunName, string Author, string Html, string? Anchor, DateTimeOffset At, bool Read);
