using System.Net;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class SearchTests : IAsyncLifetime
{
    private readonly StudioHost host = new();

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Runs_datasets_and_models_are_found_by_part_of_their_name()
    {
        var ada = await host.AdminAsync();
        await host.InputsAsync();
        var found = await ada.GetJsonAsync("/api/v1/search?q=TINY");
        Assert.Equal("tiny model", Assert.Single(found.EnumerateArray()).GetProperty("title").GetString());
        Assert.Equal(["dataset", "model"], (await ada.GetJsonAsync("/api/v1/search")).EnumerateArray().Select(hit => hit.GetProperty("kind").GetString()));
    }

    [Theory]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("' OR 1=1 --")]
    public async Task What_a_pattern_or_a_quote_would_find_is_taken_by_letter(string text)
    {
        var ada = await host.AdminAsync();
        await host.InputsAsync();
        Assert.Equal(0, (await ada.GetJsonAsync($"/api/v1/search?q={Uri.EscapeDataString(text)}")).GetArrayLength());
    }

    [Fact]
    public async Task Nothing_of_another_team_is_found()
    {
        var ada = await host.AdminAsync();
        await using (var db = host.Db())
        {
            var other = new Team { Name = "Others", CreatedAt = DateTimeOffset.UtcNow };
            db.Add(other);
            db.Add(new Dataset { TeamId = other.Id, Name = "secret stories", CreatedAt = DateTimeOffset.UtcNow });
            await db.SaveChangesAsync();
        }

        Assert.Equal(0, (await ada.GetJsonAsync("/api/v1/search?q=secret")).GetArrayLength());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous().GetAsync("/api/v1/search?q=secret")).StatusCode);
    }
}
