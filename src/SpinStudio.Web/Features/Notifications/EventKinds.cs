namespace SpinStudio.Web.Features.Notifications;

/// <summary>Whose things somebody wants to be told of.</summary>
public enum Interest
{
    Off = 0,

    /// <summary>What concerns the person: runs that they started, comments that name them.</summary>
    Mine = 1,

    /// <summary>Everything of the team.</summary>
    Team = 2,
}

/// <param name="Name">For people.</param>
/// <param name="Usual">Until somebody chooses.</param>
/// <param name="Personal">Only the people concerned can be told; webhooks are not.</param>
internal sealed record EventKind(string Key, string Name, Interest Usual, bool Personal = false);

/// <summary>What people and webhooks can be told of.</summary>
internal static class EventKinds
{
    public const string RunCompleted = "run.completed";
    public const string RunFailed = "run.failed";
    public const string RunStoppedEarly = "run.stopped_early";
    public const string RunAdvice = "run.advice";
    public const string Mention = "mention";
    public const string InvitationUsed = "invitation.used";
    public const string QuotaNearlyFull = "quota.nearly_full";
    public const string WebhookDisabled = "webhook.disabled";

    /// <summary>Sent by the button only, to look whether an address answers.</summary>
    public const string Test = "test";

    public static readonly IReadOnlyList<EventKind> All =
    [
        new(RunCompleted, "A run is finished", Interest.Mine),
        new(RunFailed, "A run failed", Interest.Mine),
        new(RunStoppedEarly, "A run ended early, on the evidence", Interest.Mine),
        new(RunAdvice, "Advice that another iteration is not worth it", Interest.Mine),
        new(Mention, "Somebody names you in a comment", Interest.Mine, Personal: true),
        new(InvitationUsed, "An invitation of yours was used", Interest.Mine),
        new(QuotaNearlyFull, "The team's disk quota is nearly full", Interest.Mine),
        new(WebhookDisabled, "A webhook was switched off", Interest.Mine, Personal: true),
    ];

    /// <summary>Kinds that webhooks can be told of.</summary>
    public static readonly IReadOnlyList<EventKind> ForWebhooks = [.. All.Where(kind => !kind.Personal)];
}
