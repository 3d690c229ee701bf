namespace SpinStudio.Data;

/// <summary>Who did what, when. Never changed, never deleted with its object.</summary>
public sealed class AuditEntry
{
    public long Id { get; set; }

    public Guid? TeamId { get; set; }

    public Guid? UserId { get; set; }

    public required string UserName { get; set; }

    /// <summary>Name and beginning of the token that the request came with; null: somebody at a browser, or the studio itself.</summary>
    public string? Token { get; set; }

    /// <summary>Verb and kind of object, such as run.stop.</summary>
    public required string Action { get; set; }

    /// <summary>Id of the object.</summary>
    public string? Subject { get; set; }

    /// <summary>For people: the object's name at that time.</summary>
    public string? Detail { get; set; }

    public DateTimeOffset At { get; set; }
}
