using System.Text.Json.Serialization;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Keeping;

/// <summary>What is done to one run or to many at once.</summary>
public enum RunChange
{
    Tag,
    Untag,
    Pin,
    Unpin,
    Archive,
    Unarchive,
    Trash,
    Restore,
}

/// <param name="Ids">1 to 500 runs.</param>
/// <param name="Tag">For tag and untag.</param>
public sealed record ChangeRuns(IReadOnlyList<Guid> Ids, RunChange Change, string? Tag = null);

/// <param name="Refused">Runs that stayed as they were, with the reason.</param>
public sealed record ChangedRuns(int Changed, IReadOnlyList<string> Refused);

/// <summary>Deletes the files of runs in the trash for good.</summary>
/// <param name="Count">How many the asker means: has to be the number of ids, so that a slip of the hand deletes nothing.</param>
/// <param name="KeepHistory">The rows stay, with curves and held-out figures, marked as "files deleted".</param>
public sealed record PurgeRuns(IReadOnlyList<Guid> Ids, int Count, bool KeepHistory = true);

/// <param name="Bytes">Freed on disk.</param>
public sealed record PurgedRuns(int Purged, long Bytes, IReadOnlyList<string> Refused);

/// <param name="Bytes">Of all files of the runs together.</param>
/// <param name="Refused">Those that cannot be purged, with the reason.</param>
public sealed record PurgePreview(int Runs, long Bytes, IReadOnlyList<string> Refused);

/// <param name="Text">Markdown; at most 20,000 characters.</param>
/// <param name="Was">The text that was edited: refused when somebody else changed it meanwhile. Null: overwrite.</param>
public sealed record NotesChange(string Text, string? Was = null);

public sealed record NameChange(string Name);

/// <param name="Html">Sanitised.</param>
public sealed record RunNotes(string Text, string Html);

/// <summary>How a run is kept.</summary>
/// <param name="PurgedBytes">Freed when its files were deleted; null while they are there.</param>
public sealed record RunKept(
    Guid Id, string Name, [property: JsonIgnore] RunStatus Status, IReadOnlyList<string> Tags, string Notes, bool Pinned, bool Archived, DateTimeOffset? TrashedAt, string? TrashedBy,
    DateTimeOffset? PurgedAt, long? PurgedBytes);
