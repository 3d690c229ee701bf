namespace SpinStudio.Data;

/// <summary>What people do with a run after it: mark it, put it away, throw it away.</summary>
public sealed partial class Run
{
    /// <summary>Markdown by members of the team: hostile until sanitised.</summary>
    public string? Notes { get; set; }

    /// <summary>Pinned runs come first in every list.</summary>
    public DateTimeOffset? PinnedAt { get; set; }

    /// <summary>Put away: not in lists unless asked for.</summary>
    public DateTimeOffset? ArchivedAt { get; set; }

    /// <summary>In the trash since; can be restored.</summary>
    public DateTimeOffset? TrashedAt { get; set; }

    /// <summary>Who put it there. Not a foreign key: SQLite cannot add one to a table that exists.</summary>
    public Guid? TrashedById { get; set; }

    /// <summary>Its files are deleted since; the row stays as history.</summary>
    public DateTimeOffset? PurgedAt { get; set; }

    /// <summary>Bytes that the purge freed.</summary>
    public long? PurgedBytes { get; set; }

    public List<RunTag> Tags { get; } = [];
}

/// <summary>A word that the team gave a run.</summary>
public sealed class RunTag
{
    public Guid RunId { get; set; }

    public Run? Run { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>Lower case, without white space at its ends.</summary>
    public required string Name { get; set; }
}
