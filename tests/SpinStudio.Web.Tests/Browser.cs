using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;

namespace SpinStudio.Web.Tests;

/// <summary>One browser: its cookies, and requests as our pages send them. Redirects are not followed.</summary>
public sealed class Browser
{
    private static readonly Uri Origin = new("http://localhost");

    private readonly StudioHost host;
    private readonly CookieContainer cookies = new();

    public Browser(StudioHost host)
    {
        this.host = host;
        Http = host.Server.CreateDefaultClient(Origin, new CookieContainerHandler(cookies));
    }

    public HttpClient Http { get; }

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        var response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(new Uri(path, UriKind.Relative));

    public Task<HttpResponseMessage> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body ?? new { }));

    public Task<HttpResponseMessage> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    /// <summary>With the antiforgery header of the logged-in user.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("X-CSRF-TOKEN", (await GetJsonAsync("/api/v1/antiforgery")).GetProperty("token").GetString());
        return await Http.SendAsync(request);
    }

    /// <summary>As a page's form does it, antiforgery field included.</summary>
    public async Task<HttpResponseMessage> PostFormAsync(string path, params (string Name, string Value)[] fields)
    {
        var (cookie, field) = host.AntiforgeryPair();
        cookies.Add(Origin, new Cookie("spinstudio.antiforgery", cookie));
        using var form = new FormUrlEncodedContent([.. fields.Select(x => KeyValuePair.Create(x.Name, x.Value)), KeyValuePair.Create("__RequestVerificationToken", field)]);
        return await Http.PostAsync(new Uri(path, UriKind.Relative), form);
    }

    /// <summary>A live connection with this browser's cookies.</summary>
    public async Task<WebSocket> OpenSocketAsync(string path, string? origin = null)
    {
        var client = host.Server.Server.CreateWebSocketClient();
        client.ConfigureRequest = request =>
        {
            request.Headers.Cookie = cookies.GetCookieHeader(Origin);
            if (origin is not null)
            {
                request.Headers.Origin = origin;
            }
        };
        return await client.ConnectAsync(new Uri(Origin, path), CancellationToken.None);
    }
}
