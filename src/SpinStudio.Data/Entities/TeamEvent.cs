namespace SpinStudio.Data;

/// <summary>Something that happened in a team and that people or programs want to be told of. Written once, with those who are told.</summary>
public sealed class TeamEvent
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    /// <summary>Such as run.completed.</summary>
    public required string Kind { get; set; }

    /// <summary>Unique: the same thing is told once, whoever sees it and however often.</summary>
    public required string Key { get; set; }

    /// <summary>Id of the object.</summary>
    public Guid? SubjectId { get; set; }

    /// <summary>One line for people.</summary>
    public required string Text { get; set; }

    /// <summary>Path of its page.</summary>
    public string? Path { get; set; }

    public DateTimeOffset At { get; set; }
}

/// <summary>A person is told of an event.</summary>
public sealed class Notification
{
    public Guid UserId { get; set; }

    public Guid EventId { get; set; }

    public TeamEvent? Event { get; set; }

    public DateTimeOffset? ReadAt { get; set; }
}
