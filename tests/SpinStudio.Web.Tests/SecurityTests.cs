using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class SecurityTests(StudioHost host) : IClassFixture<StudioHost>
{
    /// <summary>What may be asked without an account, with the reason.</summary>
    private static readonly HashSet<string> Open =
    [
        "/healthz", // for health checks
        "/account/login", "/account/setup", "/account/denied", // before there is a session
        "/error", "/not-found", // say only that something went wrong
    ];

    [Fact]
    public async Task Every_route_asks_for_an_account()
    {
        var browser = host.Anonymous();
        var routes = Routes();
        Assert.True(routes.Count > 25, $"only {routes.Count} routes found");
        foreach (var route in routes)
        {
            var pattern = "/" + route.RoutePattern.RawText!.TrimStart('/');
            if (Open.Contains(pattern) || IsStatic(pattern))
            {
                continue;
            }

            var path = Regex.Replace(pattern, @"\{[^}]*\}", Guid.Empty.ToString());
            foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                using var answer = await browser.Http.SendAsync(request);
                var toLogin = answer.StatusCode == HttpStatusCode.Found && answer.Headers.Location!.ToString().Contains("/account/login", StringComparison.Ordinal);
                Assert.True(toLogin || answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{method} {pattern} answered {answer.StatusCode}");
            }
        }
    }

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
    public async Task Nothing_of_another_team_can_be_seen()
    {
        var admin = await host.AdminAsync();
        await using var db = host.Db();
        var team = new Team { Name = "others" };
        var dataset = new Dataset { TeamId = team.Id, Name = "secret" };
        dataset.Versions.Add(new DatasetVersion { Number = 1, Sha256 = new string('0', 64), File = "datasets/x.jsonl", Source = "test" });
        var model = new Model { TeamId = team.Id, Name = "secret", Folder = "models/x", Sha256 = new string('0', 64), Architecture = "x" };
        var run = new Run { TeamId = team.Id, Name = "secret", Kind = "spin", Config = "{}", Folder = "runs/x", ClientRequestId = "x", Status = RunStatus.Stopped };
        db.AddRange(team, dataset, model, run);
        await db.SaveChangesAsync();

        var ids = new Dictionary<string, Guid> { ["runs"] = run.Id, ["datasets"] = dataset.Id, ["models"] = model.Id };
        var asked = 0;
        foreach (var route in Routes().Where(route => route.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal)))
        {
            var segments = route.RoutePattern.RawText!.Split('/');
            if (segments.Length < 5 || !ids.TryGetValue(segments[3], out var id) || !segments[4].StartsWith("{id", StringComparison.Ordinal))
            {
                continue;
            }

            var path = string.Join('/', segments.Select((segment, i) => i == 4 ? id.ToString() : Filled(segment)));
            foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                asked++;
                using var body = System.Net.Http.Json.JsonContent.Create(new { });
                var answer = await admin.SendAsync(new HttpMethod(method), $"{path}?confirm=secret&iteration=0&format=hf", method is "POST" or "PUT" or "PATCH" ? body : null);
                // A body that is not even read is refused before anybody looks for the object.
                Assert.True(answer.StatusCode == HttpStatusCode.NotFound || (method != "GET" && answer.StatusCode == HttpStatusCode.BadRequest), $"{method} {path} answered {answer.StatusCode}");
            }
        }

        Assert.True(asked > 15, $"only {asked} routes asked");
        Assert.DoesNotContain("secret", (await admin.GetJsonAsync("/api/v1/runs")).ToString(), StringComparison.Ordinal);
        var (ownModel, _) = await host.InputsAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/runs", RunRequests.Named("x", ownModel, dataset.Id))).StatusCode);
    }

    private List<RouteEndpoint> Routes() => [.. host.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    /// <summary>A value for a part of a route that is a parameter, by its constraint.</summary>
    private static string Filled(string segment) =>
        Regex.Replace(segment, @"\{[^}]*\}", parameter => parameter.Value.Contains(":guid", StringComparison.Ordinal) ? Guid.NewGuid().ToString() : parameter.Value.Contains(":int", StringComparison.Ordinal) || parameter.Value.Contains(":long", StringComparison.Ordinal) ? "1" : "train");

    private static bool IsStatic(string pattern) =>
        pattern.StartsWith("/_framework", StringComparison.Ordinal) || pattern.StartsWith("/_content", StringComparison.Ordinal)
        || Regex.IsMatch(pattern, @"\.(css|js|woff2?|svg|png|ico|map|gz|br|webmanifest)$");
}
