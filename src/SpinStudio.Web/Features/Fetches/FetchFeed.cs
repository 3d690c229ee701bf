using SpinStudio.Web.Live;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>Hands news of downloads to the pages that show them.</summary>
public sealed class FetchFeed
{
    /// <summary>Each update is the whole state, so that a slow page may miss some.</summary>
    private const int Backlog = 64;

    private readonly Listeners<(Guid TeamId, FetchInfo Fetch)> listeners = new(Backlog);

    internal Listeners<(Guid TeamId, FetchInfo Fetch)>.Listener Listen(Guid teamId) => listeners.Add(told => told.TeamId == teamId);

    internal void Publish(Guid teamId, FetchInfo fetch) => listeners.Tell((teamId, fetch));
}
