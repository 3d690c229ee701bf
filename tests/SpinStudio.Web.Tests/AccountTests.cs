using System.Net;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Account;

namespace SpinStudio.Web.Tests;

public sealed class AccountTests : IAsyncLifetime
{
    private readonly StudioHost host = new();

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task First_visit_creates_the_admin_and_then_set_up_is_closed()
    {
        var admin = await host.AdminAsync();
        Assert.Equal("admin", (await admin.GetJsonAsync("/api/v1/me")).GetProperty("role").GetString());

        var second = host.Anonymous();
        var refused = await second.PostFormAsync("/account/setup", ("name", "eve"), ("password", StudioHost.Password), ("confirm", StudioHost.Password));
        Assert.Equal("/account/setup?error=closed", refused.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/api/v1/me")).StatusCode);
    }

    [Fact]
    public async Task Two_first_visits_at_once_make_one_admin()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            host.Anonymous().PostFormAsync("/account/setup", ("name", $"user{i}"), ("password", StudioHost.Password), ("confirm", StudioHost.Password))));
        Assert.Single(answers, answer => answer.Headers.Location?.ToString() == "/");
        await using var db = host.Db();
        Assert.Equal(1, await db.Users.CountAsync());
    }

    [Theory]
    [InlineData("ada", "short", "short", "password")]
    [InlineData("ada", "long enough password", "another password", "mismatch")]
    [InlineData("", "long enough password", "long enough password", "name")]
    public async Task A_bad_first_account_is_refused_with_its_reason(string name, string password, string confirm, string error)
    {
        var answer = await host.Anonymous().PostFormAsync("/account/setup", ("name", name), ("password", password), ("confirm", confirm));
        Assert.Equal($"/account/setup?error={error}", answer.Headers.Location?.ToString());
        await using var db = host.Db();
        Assert.False(await db.Users.AnyAsync());
    }

    [Fact]
    public async Task Five_wrong_passwords_lock_the_account()
    {
        await host.AdminAsync();
        var browser = host.Anonymous();
        for (var i = 0; i < 5; i++)
        {
            await browser.PostFormAsync("/account/login", ("name", StudioHost.AdminName), ("password", "a wrong password"));
        }

        var right = await browser.PostFormAsync("/account/login", ("name", StudioHost.AdminName), ("password", StudioHost.Password));
        Assert.Equal("/account/login?error=locked", right.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_form_without_its_antiforgery_field_is_refused()
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("name", "eve"), KeyValuePair.Create("password", StudioHost.Password), KeyValuePair.Create("confirm", StudioHost.Password)]);
        var answer = await host.Anonymous().Http.PostAsync(new Uri("/account/setup", UriKind.Relative), form);
        Assert.Equal("/account/setup?error=expired", answer.Headers.Location?.ToString());
        await using var db = host.Db();
        Assert.False(await db.Users.AnyAsync());
    }

    [Fact]
    public async Task Logging_in_leads_only_to_a_page_of_this_site()
    {
        await host.AdminAsync();
        var browser = host.Anonymous();
        var answer = await browser.PostFormAsync("/account/login", ("name", StudioHost.AdminName), ("password", StudioHost.Password), ("returnUrl", "https://evil.example/"));
        Assert.Equal("/", answer.Headers.Location?.ToString());
    }

    [Theory]
    [InlineData("/runs/1?tab=charts", "/runs/1?tab=charts")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Return_url_is_a_local_path(string? url, string expected) => Assert.Equal(expected, AccountEndpoints.LocalPath(url));

    [Fact]
    public async Task Roles_limit_what_a_member_may_do_and_a_change_counts_at_once()
    {
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/uploads", new { file_name = "a.jsonl", length = 3 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/members", new { name = "x", password = StudioHost.Password, role = "admin" })).StatusCode);

        var admin = await host.AdminAsync();
        var id = (await viewer.GetJsonAsync("/api/v1/me")).GetProperty("id").GetString();
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/members/{id}", System.Net.Http.Json.JsonContent.Create(new { role = "runner" }))).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.OK, (await viewer.PostAsync("/api/v1/uploads", new { file_name = "a.jsonl", length = 3 })).StatusCode);

        (await admin.DeleteAsync($"/api/v1/members/{id}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.GetAsync("/api/v1/runs")).StatusCode);
    }

    [Fact]
    public async Task The_last_admin_stays()
    {
        var admin = await host.AdminAsync();
        var id = (await admin.GetJsonAsync("/api/v1/me")).GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.Conflict, (await admin.DeleteAsync($"/api/v1/members/{id}")).StatusCode);
    }

    [Fact]
    public async Task Logging_out_ends_the_session()
    {
        var admin = await host.AdminAsync();
        await admin.Http.PostAsync(new Uri("/account/logout", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/v1/me")).StatusCode);
        Assert.Equal("/account/login", (await admin.SendAsync(HttpMethod.Post, "/account/logout", null)).Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await admin.GetAsync("/api/v1/me")).StatusCode);
    }
}
