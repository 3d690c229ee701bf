using System.Net;
using System.Net.Http.Json;
using SpinStudio.Data;
using SpinStudio.Web.Features.Settings;

namespace SpinStudio.Web.Tests;

public sealed class UserSettingTests : IAsyncLifetime
{
    private const string Charts = "/api/v1/me/settings/charts";

    private readonly StudioHost host = new();

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_setting_follows_the_person_to_another_browser_and_survives_a_restart()
    {
        var ada = await host.AdminAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await ada.GetAsync(Charts)).StatusCode);
        await PutAsync(ada, Charts, new { smoothing = 0.6 });
        await PutAsync(ada, Charts, new { smoothing = 0.9 });
        await host.RestartAsync();
        var elsewhere = await host.AdminAsync();
        Assert.Equal(0.9, (await elsewhere.GetJsonAsync(Charts)).GetProperty("smoothing").GetDouble());
    }

    [Fact]
    public async Task Nobody_sees_the_settings_of_another()
    {
        var ada = await host.AdminAsync();
        await PutAsync(ada, Charts, new { smoothing = 0.6 });
        var bob = await host.MemberAsync("bob", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.NoContent, (await bob.GetAsync(Charts)).StatusCode);
        await bob.DeleteAsync(Charts);
        Assert.Equal(HttpStatusCode.OK, (await ada.GetAsync(Charts)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous().GetAsync(Charts)).StatusCode);
    }

    [Fact]
    public async Task Tabs_that_keep_the_same_key_at_once_all_succeed()
    {
        var ada = await host.AdminAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync(ada, "/api/v1/me/settings/draft:new-run", new { i })));
        Assert.InRange((await ada.GetJsonAsync("/api/v1/me/settings/draft:new-run")).GetProperty("i").GetInt32(), 0, 7);
    }

    [Fact]
    public async Task A_removed_setting_is_gone()
    {
        var ada = await host.AdminAsync();
        await PutAsync(ada, Charts, new { smoothing = 0.6 });
        await ada.DeleteAsync(Charts);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.GetAsync(Charts)).StatusCode);
    }

    [Fact]
    public async Task What_is_too_large_too_many_or_badly_named_is_refused()
    {
        var ada = await host.AdminAsync();
        using var large = JsonContent.Create(new string('x', UserSettings.MostBytes));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await ada.SendAsync(HttpMethod.Put, Charts, large)).StatusCode);
        using var small = JsonContent.Create(1);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.SendAsync(HttpMethod.Put, "/api/v1/me/settings/Bad%20key%0a", small)).StatusCode);
        await using (var db = host.Db())
        {
            var user = db.Users.Single().Id;
            db.UserSettings.AddRange(Enumerable.Range(0, UserSettings.MostKeys).Select(i => new UserSetting { UserId = user, Key = $"k{i}", Value = "1" }));
            await db.SaveChangesAsync();
        }

        using var oneMore = JsonContent.Create(1);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.SendAsync(HttpMethod.Put, Charts, oneMore)).StatusCode);
    }

    private static async Task PutAsync(Browser browser, string path, object value)
    {
        using var content = JsonContent.Create(value);
        Assert.Equal(HttpStatusCode.NoContent, (await browser.SendAsync(HttpMethod.Put, path, content)).StatusCode);
    }
}
