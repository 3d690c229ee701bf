namespace SpinStudio.Data;

/// <summary>A file on its way in, or arrived and not yet imported. Its bytes lie in the data directory under its id.</summary>
public sealed class Upload
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public Guid UserId { get; set; }

    /// <summary>As the client named it; shown, never used as a path.</summary>
    public required string FileName { get; set; }

    /// <summary>Size that the client announced, in bytes.</summary>
    public long Length { get; set; }

    public bool Complete { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
