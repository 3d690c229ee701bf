namespace SpinStudio.Data;

/// <summary>A named SFT dataset of a team. Its rows live in its versions.</summary>
public sealed class Dataset
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    public string? Description { get; set; }

    /// <summary>Came with the studio.</summary>
    public bool Bundled { get; set; }

    public Guid? CreatedById { get; set; }

    public AppUser? CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public List<DatasetVersion> Versions { get; } = [];
}

/// <summary>Immutable content of a dataset: canonical JSON Lines, named by their hash.</summary>
public sealed class DatasetVersion
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid DatasetId { get; set; }

    public Dataset? Dataset { get; set; }

    /// <summary>From 1, within the dataset.</summary>
    public int Number { get; set; }

    /// <summary>Of <see cref="File"/>, in lower-case hex.</summary>
    public required string Sha256 { get; set; }

    public int Rows { get; set; }

    public long Bytes { get; set; }

    /// <summary>Canonical JSON Lines, relative to the data directory.</summary>
    public required string File { get; set; }

    /// <summary>Held-out examples that belong to this version, relative to the data directory; null when a share is set aside by the run.</summary>
    public string? HeldOutFile { get; set; }

    public int HeldOutRows { get; set; }

    /// <summary>How it was made, in words: file name and recognised format, or what was done with which version.</summary>
    public required string Source { get; set; }

    /// <summary>How it was derived, as JSON; null when it was uploaded or bundled.</summary>
    public string? Recipe { get; set; }

    /// <summary>The version that it was derived from; it may be deleted meanwhile.</summary>
    public Guid? ParentId { get; set; }

    public Guid? CreatedById { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
