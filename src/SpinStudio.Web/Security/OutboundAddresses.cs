using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using SpinStudio.Engine;
using SpinStudio.Engine.Hub;

namespace SpinStudio.Web.Security;

/// <summary>
/// Every address that the studio itself connects to goes through here, so that nobody makes the server read what only the server can reach: the name is resolved
/// once, the address looked at, and the connection made to that very address. Hosts that an administrator names (Studio:AllowedHosts), and the hub's, are not looked at.
/// </summary>
public sealed class OutboundAddresses : IDisposable
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // Of the global IPv6 addresses: special purposes with Teredo, documentation, 6to4.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>All other IPv6 addresses are this machine, its neighbours, groups, or IPv4 addresses in disguise.</summary>
    private static readonly IPNetwork GlobalIPv6 = IPNetwork.Parse("2000::/3");

    private readonly HashSet<string> allowed;

    public OutboundAddresses(IOptions<StudioOptions> options)
    {
        Hub = HubOptions.FromEnvironment(options.Value.HubEndpoint);
        allowed = new(
            (options.Value.AllowedHosts ?? "").Split([';', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Append(Hub.Endpoint.Authority), StringComparer.OrdinalIgnoreCase);
        Http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would resolve names itself, after they were looked at here.
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Connects only to allowed addresses and follows no redirect.</summary>
    public HttpClient Http { get; }

    /// <summary>The hub that names without a host mean.</summary>
    public HubOptions Hub { get; }

    /// <summary>Refuses an address by how it is written; what its name resolves to is looked at when it is connected to.</summary>
    /// <exception cref="BadInputException">No http(s), a user name in it, or an address that is not public.</exception>
    public Uri Check(string address)
    {
        if (!Uri.TryCreate(address.Trim(), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new BadInputException("An address starts with https:// or http:// and names a host.");
        }

        if (uri.UserInfo.Length > 0)
        {
            throw new BadInputException("An address with a user name or password in it is not taken; make the file public, or upload it.");
        }

        return MayConnect(uri) ? uri : throw Refused(uri.Host, uri.Port);
    }

    /// <summary>Whether the address, as far as it can be told without resolving its name, may be connected to.</summary>
    public bool MayConnect(Uri uri) =>
        uri.Scheme is "http" or "https" && (IsAllowed(uri.Host, uri.Port) || (!IsLocalName(uri.IdnHost) && (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out var literal) || IsPublic(literal))));

    /// <summary>Whether an administrator of the machine named this host.</summary>
    public bool IsNamed(Uri uri) => IsAllowed(uri.Host, uri.Port);

    /// <summary>True for an address that everybody on the Internet could reach.</summary>
    public static bool IsPublic(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !NotPublic.Any(network => network.Contains(address)),
        AddressFamily.InterNetworkV6 => !address.IsIPv4MappedToIPv6 && address.ScopeId == 0 && GlobalIPv6.Contains(address) && !NotPublic.Any(network => network.Contains(address)),
        _ => false,
    };

    public void Dispose() => Http.Dispose();

    private static bool IsLocalName(string host) =>
        host.TrimEnd('.') is var name && (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".local", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".internal", StringComparison.OrdinalIgnoreCase));

    private bool IsAllowed(string host, int port) => allowed.Contains(host) || allowed.Contains($"{host}:{port}");

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = await Dns.GetHostAddressesAsync(host, cancellation);
        // One private address among public ones is a trick, so it spoils all of them.
        if (!IsAllowed(host, port) && (IsLocalName(host) || addresses.Length == 0 || !addresses.All(IsPublic)))
        {
            throw Refused(host, port);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static BadInputException Refused(string host, int port) =>
        new($"{host}:{port} is not a public address, so the studio does not connect to it. An administrator can allow it with the setting Studio:AllowedHosts.");
}
