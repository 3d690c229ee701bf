using System.Net;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class PlaygroundTests : IAsyncLifetime
{
    private static readonly object Question = new { messages = new[] { new { role = "user", content = "Hello" } } };

    private readonly StudioHost host = new();

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_viewer_may_not_use_the_machine()
    {
        await host.AdminAsync();
        var (model, _) = await host.InputsAsync();
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/models/{model}/chat/completions", Question)).StatusCode);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_says_why()
    {
        var ada = await host.AdminAsync();
        var (model, _) = await host.InputsAsync();
        var answer = await ada.PostAsync($"/api/v1/models/{model}/chat/completions", Question);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("The model cannot be loaded", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_not_asked()
    {
        var ada = await host.AdminAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await ada.PostAsync($"/api/v1/models/{Guid.NewGuid()}/chat/completions", Question)).StatusCode);
    }
}
