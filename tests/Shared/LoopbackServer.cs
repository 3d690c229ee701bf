using System.Net;
using System.Net.Sockets;

namespace SpinStudio.Testing;

/// <summary>Listens on a free port of the loopback address and hands each request to a thread of its own.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<HttpListenerContext, Task> _answer;

    public LoopbackServer(Func<HttpListenerContext, Task> answer)
    {
        _answer = answer;
        (_listener, Address) = Listen();
        _ = Task.Run(ServeAsync);
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public void Dispose() => _listener.Close();

    private static (HttpListener Listener, Uri Address) Listen()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            probe.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add(address.ToString());
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException)
            {
                // Somebody else took the port in between.
            }
        }
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(() => _answer(context));
        }
    }
}
