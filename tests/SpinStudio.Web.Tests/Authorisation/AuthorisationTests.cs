using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Web.Hubs;

namespace SpinStudio.Web.Tests.Authorisation;

/// <summary>Every route and hub method there is, asked by everybody there can be, with real ids of the first team's objects.</summary>
public sealed class AuthorisationTests(StudioHost host) : IClassFixture<StudioHost>
{
    private static readonly string[] Framework = ["/_framework", "/_content"];

    private readonly List<string> wrong = [];
    private readonly Dictionary<Browser, string> tokens = [];

    [Fact]
    public void Every_route_and_hub_method_has_its_line_in_the_table()
    {
        string[] found = [.. Routes().Select(route => route.Key), .. HubMethods().Select(Key)];
        Assert.True(found.Length > 100, $"only {found.Length} found");
        var missing = found.Except(AuthorisationTable.Roles.Keys).Order().ToList();
        var gone = AuthorisationTable.Roles.Keys.Except(found).Order().ToList();
        Assert.True(missing.Count == 0, $"Add to AuthorisationTable, under the least role that may use it:\n{string.Join('\n', missing)}");
        Assert.True(gone.Count == 0, $"Take out of AuthorisationTable, there is no such thing any more:\n{string.Join('\n', gone)}");
    }

    [Fact]
    public async Task Everybody_gets_what_their_role_may_and_nothing_of_another_team()
    {
        var admin = await host.AdminAsync();
        var stranger = host.Anonymous();
        var eve = await OtherTeamAsync();
        (TeamRole Role, Browser Browser)[] members =
            [(TeamRole.Viewer, await host.MemberAsync("vera", TeamRole.Viewer)), (TeamRole.Rater, await host.MemberAsync("rita", TeamRole.Rater)), (TeamRole.Runner, await host.MemberAsync("rolf", TeamRole.Runner)), (TeamRole.Admin, admin)];
        var objects = await TeamObjects.AddAsync(host, admin, author: "rita");

        foreach (var route in Routes().OrderBy(route => route.Method switch { "GET" => 0, "DELETE" => 2, _ => 1 }).Where(route => AuthorisationTable.Roles.ContainsKey(route.Key)))
        {
            var least = AuthorisationTable.Roles[route.Key];
            var query = AuthorisationTable.Queries.GetValueOrDefault(route.Key, "");
            var path = objects.Fill(route.Pattern + query);
            await StrangerAsync(stranger, route, path, least);
            if (least == Least.Public)
                continue;
            if (path != objects.Fill(route.Pattern + query, real: false) && path.Contains('-', StringComparison.Ordinal))
                await SameAsNothingAsync(eve, route, path, objects.Fill(route.Pattern + query, real: false));
            else
                await SeesNothingAsync(eve, route, path);
            // Everybody who may not, the least who may, and an Admin, who may all.
            foreach (var (role, browser) in members.Where(member => (int)member.Role <= (int)least || member.Role == TeamRole.Admin))
                await MemberAsync(browser, role, route, path, least);
        }

        await HubAsync(stranger, eve, members[0].Browser, objects);
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong)}");
    }

    private async Task StrangerAsync(Browser browser, Route route, string path, Least least)
    {
        var answer = await AskAsync(browser, route.Method, path, token: false);
        if (least == Least.Public)
            Expect(answer.Status != HttpStatusCode.Unauthorized && (int)answer.Status < 500, route, "a stranger", answer);
        else
            Expect(answer.Status == HttpStatusCode.Unauthorized || answer.ToLogin, route, "a stranger", answer);
    }

    private async Task MemberAsync(Browser browser, TeamRole role, Route route, string path, Least least)
    {
        var answer = await AskAsync(browser, route.Method, path);
        if ((int)role < (int)least)
            Expect(answer.Status == HttpStatusCode.Forbidden, route, $"{role}, less than {least},", answer);
        else
            Expect(answer.Status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) && !answer.ToLogin && (int)answer.Status < 500, route, $"{role}, who may,", answer);
    }

    /// <summary>Somebody of another team cannot tell a thing of this team from one that never was.</summary>
    private async Task SameAsNothingAsync(Browser eve, Route route, string path, string nothing)
    {
        var answer = await AskAsync(eve, route.Method, path);
        var other = await AskAsync(eve, route.Method, nothing);
        Expect(answer.Status == HttpStatusCode.NotFound || (route.Method != "GET" && answer.Status == HttpStatusCode.BadRequest), route, "another team", answer);
        Expect(answer.Status == other.Status, route, $"another team, who gets {other.Status} for what is not there,", answer);
        Expect(!answer.Text.Contains(TeamObjects.Mark, StringComparison.Ordinal), route, "another team, who read the name,", answer);
    }

    private async Task SeesNothingAsync(Browser eve, Route route, string path)
    {
        var answer = await AskAsync(eve, route.Method, path);
        Expect((int)answer.Status < 500 && !answer.Text.Contains(TeamObjects.Mark, StringComparison.Ordinal), route, "another team", answer);
    }

    private async Task HubAsync(Browser stranger, Browser eve, Browser viewer, TeamObjects objects)
    {
        await Assert.ThrowsAnyAsync<Exception>(() => stranger.OpenSocketAsync("/hubs/runs"));
        foreach (var method in HubMethods().Where(method => method.DeclaringType == typeof(RunHub)))
        {
            object[] arguments = [.. method.GetParameters().Select(parameter => parameter.ParameterType == typeof(Guid) ? (object)objects.Run : 0L)];
            var heard = await InvokeAsync(eve, method.Name, arguments);
            var refused = heard.Contains("There is no such run.", StringComparison.Ordinal);
            if (refused != (method.Name == nameof(RunHub.Join)) || heard.Contains(TeamObjects.Mark, StringComparison.Ordinal))
                wrong.Add($"{Key(method)}: another team heard {heard}");
            var own = await InvokeAsync(viewer, method.Name, arguments);
            if (own.Contains("error", StringComparison.Ordinal))
                wrong.Add($"{Key(method)}: a Viewer heard {own}");
        }
    }

    private static async Task<string> InvokeAsync(Browser browser, string method, object[] arguments)
    {
        using var hub = await HubConnection.OpenAsync(browser);
        await hub.InvokeAsync(method, arguments);
        while (true)
        {
            var message = await hub.ReceiveAsync();
            if (message.GetProperty("type").GetInt32() == 3)
                return message.ToString();
            if (message.ToString().Contains(TeamObjects.Mark, StringComparison.Ordinal))
                return TeamObjects.Mark;
        }
    }

    private async Task<Browser> OtherTeamAsync()
    {
        var eve = await host.MemberAsync("eve", TeamRole.Admin);
        var team = await host.OtherTeamAsync();
        await using var db = host.Db();
        var id = (await db.Users.SingleAsync(user => user.UserName == "eve")).Id;
        await db.TeamMembers.Where(member => member.UserId == id).ExecuteDeleteAsync();
        db.TeamMembers.Add(new TeamMember { TeamId = team, UserId = id, Role = TeamRole.Admin, JoinedAt = DateTimeOffset.UtcNow });
        await db.SaveChangesAsync();
        return eve;
    }

    private async Task<Answer> AskAsync(Browser browser, string method, string path, bool token = true)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is not ("GET" or "DELETE"))
            request.Content = JsonContent.Create(new { });
        if (token && !tokens.ContainsKey(browser))
            tokens[browser] = (await browser.GetJsonAsync("/api/v1/antiforgery")).GetProperty("token").GetString()!;
        if (token)
            request.Headers.Add("X-CSRF-TOKEN", tokens[browser]);
        using var answer = await browser.Http.SendAsync(request);
        var toLogin = answer.StatusCode == HttpStatusCode.Found && answer.Headers.Location!.ToString().Contains("/account/login", StringComparison.Ordinal);
        return new(answer.StatusCode, toLogin, await answer.Content.ReadAsStringAsync());
    }

    private void Expect(bool right, Route route, string who, Answer answer)
    {
        if (!right)
            wrong.Add($"{route.Method} {route.Pattern}: {who} got {(int)answer.Status}{(answer.ToLogin ? " to login" : "")} {answer.Text[..Math.Min(answer.Text.Length, 160)]}");
    }

    private List<Route> Routes() =>
    [
        .. host.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => (Route: route, Method: method)))
            .Select(found => new Route(found.Method, "/" + found.Route.RoutePattern.RawText!.Trim('/'), found.Route.Metadata.Any(data => data.GetType().Name == "ComponentTypeMetadata") || found.Route.Metadata.GetMetadata<HttpMethodMetadata>() is null))
            .Where(route => !Framework.Any(start => route.Pattern.StartsWith(start, StringComparison.Ordinal)) && !Regex.IsMatch(route.Pattern, @"\.(css|js|woff2?|svg|png|ico|map|gz|br|webmanifest|txt)$"))
            .DistinctBy(route => (route.Method, route.Pattern)),
    ];

    private IEnumerable<MethodInfo> HubMethods() => host.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints)
        .Select(endpoint => endpoint.Metadata.GetMetadata<HubMetadata>()?.HubType).OfType<Type>().Where(hub => hub.Assembly == typeof(RunHub).Assembly).Distinct()
        .SelectMany(hub => hub.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(method => method.GetBaseDefinition().DeclaringType == method.DeclaringType);

    private static string Key(MethodInfo method) => $"hub {method.DeclaringType!.Name}.{method.Name}";

    /// <param name="Page">Asked with every method alike.</param>
    private sealed record Route(string Method, string Pattern, bool Page)
    {
        public string Key => $"{(Page ? "*" : Method)} {Pattern}";
    }

    private sealed record Answer(HttpStatusCode Status, bool ToLogin, string Text);
}
