namespace SpinStudio.Data;

/// <summary>What a download becomes.</summary>
public enum FetchPurpose
{
    Dataset = 0,
    Model = 1,
}

/// <summary>Where a download comes from.</summary>
public enum FetchSource
{
    Url = 0,
    Hub = 1,
}

/// <summary>Where a download stands.</summary>
public enum FetchState
{
    Waiting = 0,

    /// <summary>Bytes arrive.</summary>
    Running = 1,

    /// <summary>Everything has arrived and is being looked at.</summary>
    Checking = 2,

    Done = 3,

    /// <summary>Ended with an error; can be tried again and goes on where it stopped.</summary>
    Failed = 4,

    Cancelled = 5,
}

/// <summary>A download by the server, from an address or a hub. Its bytes lie in the data directory under its id until it is done.</summary>
public sealed class Fetch
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public Guid UserId { get; set; }

    public AppUser? User { get; set; }

    public FetchPurpose Purpose { get; set; }

    public FetchSource Source { get; set; }

    /// <summary>A URL, or a repository as owner/name[@revision].</summary>
    public required string Address { get; set; }

    /// <summary>The file wanted out of a repository; null for all that belong to the model.</summary>
    public string? File { get; set; }

    /// <summary>What the result is to be called.</summary>
    public required string Name { get; set; }

    public FetchState State { get; set; }

    /// <summary>The repository's commit that all files come from; null until it is resolved.</summary>
    public string? Commit { get; set; }

    /// <summary>Bytes on disk.</summary>
    public long Bytes { get; set; }

    /// <summary>Null while unknown.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>Why it failed, for people.</summary>
    public string? Error { get; set; }

    /// <summary>The completed upload that a dataset's file became.</summary>
    public Guid? UploadId { get; set; }

    /// <summary>The model that came of it.</summary>
    public Guid? ModelId { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}
