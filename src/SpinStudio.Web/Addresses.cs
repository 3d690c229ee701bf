using System.Net;

namespace SpinStudio.Web;

/// <summary>Where the studio listens and which host names it answers to.</summary>
internal static class Addresses
{
    private const int DefaultPort = 5080;
    private const string Loopback = "localhost;127.0.0.1;[::1]";

    /// <summary>This machine only, on port 5080, unless told otherwise by <c>--port</c> or <c>--urls</c>.</summary>
    /// <remarks>
    /// While it listens on this machine only, it answers only to this machine's names, so that a web site cannot reach it by pointing a name of its own here.
    /// Who opens it to others names the allowed hosts in the setting AllowedHosts.
    /// </remarks>
    public static void Configure(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var urls = configuration["urls"];
        if (string.IsNullOrEmpty(urls) && string.IsNullOrEmpty(configuration["http_ports"]) && !configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            urls = $"http://127.0.0.1:{configuration.GetValue("port", DefaultPort)}";
            builder.WebHost.UseUrls(urls);
        }

        if (string.IsNullOrEmpty(configuration["AllowedHosts"]) && urls is not null && urls.Split(';').All(IsLoopback))
        {
            configuration["AllowedHosts"] = Loopback;
        }
    }

    private static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}
