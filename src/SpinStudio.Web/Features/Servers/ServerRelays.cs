using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Servers;

/// <summary>
/// The way from an engine to the server that its run names: a socket under the data directory, always by the same name, so that an engine which outlived a restart of
/// the studio finds it again.
/// </summary>
public sealed class ServerRelays(IDbContextFactory<StudioDb> databases, ServerClient client, OutboundAddresses outbound, StudioPaths paths)
{
    /// <summary>Where a run's socket is, relative to the folder that its engine works in: the path of a socket must be short.</summary>
    internal string SocketOf(Guid runId, string runFolder) => Path.GetRelativePath(runFolder, Name(runId));

    /// <summary>Opens the way for one run; dispose of it when its engine has ended.</summary>
    /// <returns>Null when the run names no server.</returns>
    internal async Task<ServerRelay?> OpenAsync(Run run) => RunView.Config(run).Generation.Endpoint is { } address
        ? await ServerRelay.OpenAsync(Name(run.Id), cancellation => FindAsync(run.TeamId, address, cancellation), client, outbound.Http)
        : null;

    /// <summary>Looked up for each request, so that a changed key counts at once.</summary>
    private async Task<TeamServer?> FindAsync(Guid teamId, string address, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await ServerService.AtAsync(db, teamId, address, cancellation);
    }

    private string Name(Guid runId) => Path.Combine(paths.Relays, runId.ToString("N"));
}
