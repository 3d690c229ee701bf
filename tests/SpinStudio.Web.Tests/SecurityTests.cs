using System.Net;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class SecurityTests(StudioHost host) : IClassFixture<StudioHost>
{
    [Theory]
    [InlineData("/no/such/page")]
    [InlineData("/api/docs/index.html")]
    public async Task What_is_no_route_asks_for_an_account_too(string path) =>
        Assert.Equal(HttpStatusCode.Found, (await host.Anonymous().GetAsync(path)).StatusCode);

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://localhost:9999")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_request_from_another_site_is_refused(string header, string value)
    {
        var admin = await host.AdminAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/uploads") { Content = System.Net.Http.Json.JsonContent.Create(new { file_name = "a.jsonl", length = 3 }) };
        request.Headers.Add("X-CSRF-TOKEN", (await admin.GetJsonAsync("/api/v1/antiforgery")).GetProperty("token").GetString());
        request.Headers.Add(header, value);
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_live_connection_from_another_site_is_refused()
    {
        var admin = await host.AdminAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => admin.OpenSocketAsync("/hubs/runs", "https://evil.example"));
        using var own = await admin.OpenSocketAsync("/hubs/runs", "http://localhost");
        Assert.Equal(System.Net.WebSockets.WebSocketState.Open, own.State);
    }

    [Fact]
    public async Task A_live_connection_without_an_account_is_refused() =>
        await Assert.ThrowsAnyAsync<Exception>(() => host.Anonymous().OpenSocketAsync("/hubs/runs"));

    [Fact]
    public async Task A_change_without_the_antiforgery_header_is_refused()
    {
        var admin = await host.AdminAsync();
        var answer = await admin.Http.PostAsync(new Uri("/api/v1/uploads", UriKind.Relative), System.Net.Http.Json.JsonContent.Create(new { file_name = "a.jsonl", length = 3 }));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("X-CSRF-TOKEN", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Responses_carry_headers_that_limit_a_page()
    {
        var headers = (await host.Anonymous().GetAsync("/healthz")).Headers;
        var policy = headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Another_host_name_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz");
        request.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Anonymous().Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_run_cannot_be_made_of_another_team_s_dataset()
    {
        var admin = await host.AdminAsync();
        await using var db = host.Db();
        var dataset = new Dataset { TeamId = await host.OtherTeamAsync(), Name = "secret" };
        dataset.Versions.Add(new DatasetVersion { Number = 1, Sha256 = new string('0', 64), File = "datasets/x.jsonl", Source = "test" });
        db.Add(dataset);
        await db.SaveChangesAsync();
        var (model, _) = await host.InputsAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs", RunRequests.Named("x", model, dataset.Id))).StatusCode);
    }
}
