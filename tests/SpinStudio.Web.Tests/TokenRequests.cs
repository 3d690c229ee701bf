using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace SpinStudio.Web.Tests;

/// <summary>Tokens, and programs that come with them.</summary>
internal static class TokenRequests
{
    /// <summary>Makes a token as the page does it.</summary>
    public static async Task<(Guid Id, string Secret)> TokenAsync(this Browser browser, string scope, string name = "script")
    {
        var answer = await browser.PostAsync("/api/v1/tokens", new { name, scope });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (made.GetProperty("token").GetProperty("id").GetGuid(), made.GetProperty("secret").GetString()!);
    }

    /// <summary>A program with a token and nothing else: no cookies, no antiforgery value.</summary>
    public static HttpClient Program(this StudioHost host, string token)
    {
        var http = host.Server.CreateDefaultClient(new Uri("http://localhost"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    public static Task<HttpResponseMessage> AskAsync(this HttpClient http, HttpMethod method, string path, object? body = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        return http.SendAsync(request);
    }
}
