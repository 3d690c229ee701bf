namespace SpinStudio.Data;

/// <summary>What a member says about a run, or about one place in it.</summary>
public sealed class Comment
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid? AuthorId { get; set; }

    public AppUser? Author { get; set; }

    /// <summary>The name at the time of writing: it stays when the account goes.</summary>
    public required string AuthorName { get; set; }

    /// <summary>Markdown: hostile until sanitised.</summary>
    public required string Body { get; set; }

    /// <summary>What it is about: <c>iteration:2</c>, <c>step:120</c> or <c>prompt:00000000000000a1</c>; null: the whole run.</summary>
    public string? Anchor { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? EditedAt { get; set; }
}

/// <summary>Somebody was addressed in a comment.</summary>
public sealed class Mention
{
    public Guid CommentId { get; set; }

    public Comment? Comment { get; set; }

    public Guid UserId { get; set; }

    public DateTimeOffset? ReadAt { get; set; }
}
