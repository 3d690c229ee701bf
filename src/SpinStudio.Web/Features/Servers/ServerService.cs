using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Servers;

/// <summary>The model servers of the current user's team. Admins add and change them; keys go in and never come out.</summary>
public sealed class ServerService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, OutboundAddresses outbound, ServerKeys keys, ServerClient client, AuditLog audit, TimeProvider time)
{
    private const int LongestName = 100, LongestAddress = 1000, LongestModel = 300, LongestKey = 4000, MostServers = 50, TestTokens = 64;

    private const string Question = "Answer with the one word: ready";

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<ServerInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return [.. (await db.TeamServers.AsNoTracking().Where(server => server.TeamId == me.TeamId).OrderBy(server => server.Name).ToListAsync(cancellation)).Select(Info)];
    }

    public async Task<ServerInfo> AddAsync(NewServer request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var wanted = Checked(request);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.TeamServers.CountAsync(server => server.TeamId == me.TeamId, cancellation) >= MostServers)
        {
            throw new StudioException(Refusal.Conflict, $"A team has at most {MostServers} model servers; remove one first.");
        }

        var server = new TeamServer { TeamId = me.TeamId, Name = wanted.Name, Address = wanted.Address, Model = wanted.Model, CreatedBy = me.Name, CreatedAt = time.GetUtcNow() };
        server.ProtectedKey = string.IsNullOrEmpty(wanted.Key) ? null : keys.Protect(server, wanted.Key);
        db.TeamServers.Add(server);
        audit.Add(db, me, "server.add", server.Id, server.Name);
        await SaveAsync(db, wanted.Name, cancellation);
        return Info(server);
    }

    /// <summary>Changes a server. A key does not move to another address: it is entered anew, or gone.</summary>
    public async Task<ServerInfo> ChangeAsync(Guid id, NewServer request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var wanted = Checked(request);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var server = await FindAsync(db, me.TeamId, id, cancellation);
        var kept = wanted.Key is null && wanted.Address == server.Address ? server.ProtectedKey : null;
        (server.Name, server.Address, server.Model) = (wanted.Name, wanted.Address, wanted.Model);
        server.ProtectedKey = string.IsNullOrEmpty(wanted.Key) ? kept : keys.Protect(server, wanted.Key);
        audit.Add(db, me, "server.change", id, server.Name);
        await SaveAsync(db, wanted.Name, cancellation);
        return Info(server);
    }

    /// <summary>Removes a server and its key. What it judged stays.</summary>
    public async Task RemoveAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var server = await FindAsync(db, me.TeamId, id, cancellation);
        db.TeamServers.Remove(server);
        audit.Add(db, me, "server.remove", id, server.Name);
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>Asks one short question and says what came back.</summary>
    public async Task<ServerTest> TestAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var server = await FindAsync(db, me.TeamId, id, cancellation);
        var watch = Stopwatch.StartNew();
        try
        {
            var answer = await client.AskAsync(server, Question, TestTokens, cancellation);
            return new ServerTest(true, $"{server.Model} answered in {answer.Seconds:0.0} s.", answer.Text, answer.Seconds);
        }
        catch (ServerTrouble trouble)
        {
            return new ServerTest(false, trouble.Message, null, watch.Elapsed.TotalSeconds);
        }
    }

    /// <summary>The team's server at an address, the one that was added first; null when there is none.</summary>
    /// <param name="address">As a run's <c>generation.endpoint</c> has it.</param>
    internal static Task<TeamServer?> AtAsync(StudioDb db, Guid teamId, string address, CancellationToken cancellation)
    {
        var written = address.TrimEnd('/');
        return db.TeamServers.AsNoTracking().Where(server => server.TeamId == teamId && server.Address == written).OrderBy(server => server.CreatedAt).FirstOrDefaultAsync(cancellation);
    }

    private static async Task<TeamServer> FindAsync(StudioDb db, Guid teamId, Guid id, CancellationToken cancellation) =>
        await db.TeamServers.FirstOrDefaultAsync(server => server.Id == id && server.TeamId == teamId, cancellation) ?? throw StudioException.NotFound("model server");

    private static ServerInfo Info(TeamServer server) => new(server.Id, server.Name, server.Address, server.Model, server.ProtectedKey is not null, server.CreatedBy, server.CreatedAt);

    private NewServer Checked(NewServer request)
    {
        var key = request.Key?.Trim();
        if (key is { Length: > LongestKey } || key?.Any(c => c is <= ' ' or > '~') == true)
        {
            throw new StudioException(Refusal.Invalid, $"A key has up to {LongestKey} printable ASCII characters without spaces; copy it again from where it was shown.");
        }

        var address = Address(request.Address ?? "", key);
        return new NewServer(Line("name", request.Name, LongestName), address, Line("model", request.Model, LongestModel), key);
    }

    private string Address(string text, string? key)
    {
        Uri uri;
        try
        {
            uri = outbound.Check(text);
        }
        catch (BadInputException refused)
        {
            throw new StudioException(Refusal.Invalid, refused.Message);
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.AbsoluteUri.Length > LongestAddress)
        {
            throw new StudioException(Refusal.Invalid, $"An address has at most {LongestAddress} characters and neither ? nor #, as in https://api.example.com/v1; the key has a field of its own.");
        }

        if (!string.IsNullOrEmpty(key) && uri.Scheme != Uri.UriSchemeHttps && !outbound.IsNamed(uri))
        {
            throw new StudioException(Refusal.Invalid, $"A key goes over https only, or to a host that Studio:AllowedHosts names (got {uri.GetLeftPart(UriPartial.Authority)}).");
        }

        return uri.AbsoluteUri.TrimEnd('/');
    }

    private static string Line(string what, string? text, int longest) => text?.Trim() is { Length: > 0 } line && line.Length <= longest && !line.Any(char.IsControl)
        ? line
        : throw new StudioException(Refusal.Invalid, $"{what} must have 1 to {longest} characters in one line.");

    private static async Task SaveAsync(StudioDb db, string name, CancellationToken cancellation)
    {
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            throw new StudioException(Refusal.Conflict, $"There is a model server called {name} already; choose another name.");
        }
    }
}
