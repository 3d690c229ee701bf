namespace SpinStudio.Data;

/// <summary>An address of a team that is told of events by HTTP.</summary>
public sealed class Webhook
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Address { get; set; }

    /// <summary>Kinds of events between spaces.</summary>
    public required string Kinds { get; set; }

    /// <summary>What its requests are signed with, encrypted by the studio's keys.</summary>
    public required string Secret { get; set; }

    public required string CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Attempts in a row that failed.</summary>
    public int Failures { get; set; }

    /// <summary>Switched off since then, by a person or after too many failures.</summary>
    public DateTimeOffset? DisabledAt { get; set; }
}

/// <summary>Where a delivery stands.</summary>
public enum DeliveryState
{
    /// <summary>For its first or its next attempt.</summary>
    Waiting = 0,

    Delivered = 1,

    /// <summary>No further attempt is made.</summary>
    Failed = 2,
}

/// <summary>One event on its way to one webhook. The row is the queue: it outlives a restart.</summary>
public sealed class WebhookDelivery
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid WebhookId { get; set; }

    public Webhook? Webhook { get; set; }

    public required string Kind { get; set; }

    /// <summary>JSON, as it is sent.</summary>
    public required string Body { get; set; }

    public DeliveryState State { get; set; }

    public int Attempts { get; set; }

    public DateTimeOffset NextAt { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? AttemptedAt { get; set; }

    /// <summary>HTTP status of the last answer; null when there was none.</summary>
    public int? Status { get; set; }

    /// <summary>The beginning of the last answer's body, or why there was none. Hostile.</summary>
    public string? Answer { get; set; }
}
