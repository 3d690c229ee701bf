using System.Net.Sockets;

namespace SpinStudio.Engine.Generation.Elsewhere;

/// <summary>
/// Where the environment names a Unix socket (<see cref="Variable"/>), every request goes through it instead of to its own address: who starts an engine so decides
/// what it reaches, and adds the key.
/// </summary>
public static class Relay
{
    public const string Variable = "SPINSTUDIO_RELAY";

    /// <summary>Follows no redirect and keeps no cookie.</summary>
    public static HttpMessageHandler Handler() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } socket
        ? new Plain(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = (_, cancel) => ConnectAsync(socket, cancel) })
        : new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>On this machine nothing needs to be encrypted; the relay speaks https where the address says so.</summary>
    private sealed class Plain(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = Uri.UriSchemeHttp, Host = "localhost", Port = -1 }.Uri;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
