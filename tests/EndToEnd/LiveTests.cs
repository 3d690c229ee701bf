using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>What happens to a run while people look at it.</summary>
[Collection(BrowserCollection.Name)]
public sealed class LiveTests(Browser browser)
{
    [Fact]
    public async Task A_curve_grows_while_the_run_trains_without_a_reload()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Slow);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.SlowName);
        await run.OpenAsync("charts");
        await ada.Page.EvaluateAsync("() => { window.loadedOnce = true; }");

        var first = await run.ExpectCurveAsync("loss", points: 1);
        var later = await run.ExpectCurveAsync("loss", points: first + 5);
        await run.ExpectCurveAsync("loss", points: later + 5);

        Assert.True(await ada.Page.EvaluateAsync<bool>("() => window.loadedOnce === true"));
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Stopped_from_the_page_a_run_goes_on_where_it_was()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Slow);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.SlowName);
        await run.ExpectStepsAsync(8);

        await run.StopAsync();
        var before = await run.PointsAsync("loss");
        await Task.Delay(1500);
        Assert.Equal(before.Count, (await run.PointsAsync("loss")).Count);
        await run.ResumeAsync();
        await run.ExpectCompletedAsync();

        await run.AssertCurveIsWholeAsync(iterations: 2);
        Assert.Equal(before, (await run.PointsAsync("loss")).Take(before.Count));
        Assert.Empty(ada.Errors);
    }

    /// <summary>In order; <see cref="KilledTests"/> ends it as a crash does.</summary>
    [Fact]
    public async Task A_restart_of_the_server_in_mid_run_loses_and_doubles_no_point()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Slow);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.SlowName);
        await run.ExpectStepsAsync(8);

        await studio.StopAsync();
        await Task.Delay(2000);
        await studio.StartAgainAsync();
        await run.OpenAsync();
        await run.ExpectCompletedAsync();

        await run.AssertCurveIsWholeAsync(iterations: 2);
    }

    [Fact]
    public async Task Two_browsers_see_the_same_run_move()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Slow);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        await using var second = await browser.VisitAsync(studio);
        await second.LogInAsync();

        var run = await RunView.FollowAsync(ada, SampleRuns.SlowName);
        var same = await RunView.FollowAsync(second, SampleRuns.SlowName);
        Assert.Equal(run.Id, same.Id);
        await run.ExpectStepsAsync(4);

        // One stops it; the other is told without doing anything.
        await run.StopAsync();
        await same.ExpectStatusAsync("Stopped", 10_000);
        await same.ResumeAsync();
        await run.ExpectStatusAsync("Preparing|Evaluating|Generating|Scoring|Training|Saving", 180_000);
        await run.ExpectCompletedAsync();
        await same.ExpectCompletedAsync();
        await Expect(run.Figure("Loss")).ToHaveTextAsync(await same.Figure("Loss").InnerTextAsync());
        Assert.Empty(ada.Errors);
        Assert.Empty(second.Errors);
    }
}
