namespace EndToEnd;

/// <summary>A studio whose sample run has ended, shared by tests that look at it or add things of their own beside it; started when the first of them asks.</summary>
public sealed class FinishedStudio : IAsyncLifetime
{
    private Studio? _studio;

    public Task InitializeAsync() => Task.CompletedTask;

    internal async Task<(Visitor Ada, RunView Run)> EnterAsync(Browser browser)
    {
        var first = _studio is null;
        _studio ??= await Studio.StartAsync(SampleRuns.Tiny, ("Studio__AllowedHosts", "127.0.0.1"));
        var ada = await browser.VisitAsync(_studio);
        await (first ? ada.SetUpAsync() : ada.LogInAsync());
        var run = await RunView.FollowAsync(ada, SampleRuns.TinyName);
        await run.ExpectCompletedAsync();
        return (ada, run);
    }

    public async Task DisposeAsync()
    {
        if (_studio is not null)
            await _studio.DisposeAsync();
    }
}
