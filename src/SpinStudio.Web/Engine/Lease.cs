namespace SpinStudio.Web.Engine;

/// <summary>Who works in a run folder: the content of <c>lease.json</c>.</summary>
/// <param name="StartedAt">Start time of the process, which tells it from a later one with the same id.</param>
internal sealed record Lease(string Host, int Pid, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt);
