namespace SpinStudio.Web.Features.Runs.Queue;

/// <summary>The team's queue: what waits, in its order.</summary>
/// <param name="PausedAt">Since when nothing that waits is started; null while the queue is open.</param>
/// <param name="Slots">Runs that this machine works on at the same time.</param>
/// <param name="Quota">Runs that the team may have at work at the same time; null without a limit of its own.</param>
/// <param name="Paused">Runs that were put aside; they wait for a person, not for a slot.</param>
public sealed record QueueView(DateTimeOffset? PausedAt, string? PausedBy, int Slots, int? Quota, IReadOnlyList<QueuedRun> Waiting, IReadOnlyList<RunSummary> Paused);

/// <param name="Place">From 1, among the runs of the team that wait, held ones included.</param>
/// <param name="ExpectedStart">From what the runs before it are expected to take; null when that is not known, or it is held back.</param>
public sealed record QueuedRun(RunSummary Run, int Place, DateTimeOffset? ExpectedStart);

/// <param name="Place">Where the run is to stand, from 1; beyond the end means last.</param>
public sealed record QueueMove(int Place);
