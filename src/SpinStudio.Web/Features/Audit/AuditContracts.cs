namespace SpinStudio.Web.Features.Audit;

/// <param name="Who">Whose request it was; the name at that time.</param>
/// <param name="Token">Name and beginning of the token that the request came with; null: at a browser, or the studio itself.</param>
/// <param name="Did">The action for people: "stopped".</param>
/// <param name="Detail">The object's name at that time.</param>
/// <param name="Address">Of the object's page; null when it has none.</param>
public sealed record AuditLine(long Id, DateTimeOffset At, Guid? UserId, string Who, string? Token, string Action, string Did, string? Subject, string? Detail, string? Address);

/// <param name="Action">Such as run.stop, or a kind such as run; null: all.</param>
/// <param name="Via">browser or token; null: both.</param>
/// <param name="From">The first day, in UTC.</param>
/// <param name="To">The last day, in UTC.</param>
/// <param name="Page">From 1.</param>
public sealed record AuditQuery(Guid? Person = null, string? Action = null, string? Via = null, DateOnly? From = null, DateOnly? To = null, int Page = 1);

/// <summary>What can be filtered by.</summary>
public sealed record AuditChoices(IReadOnlyDictionary<Guid, string> People, IReadOnlyList<string> Actions);
