using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Makes the pictures of the README and the guide: <c>SPINSTUDIO_SCREENSHOTS=1 ./studio test EndToEnd</c>. Browser tests of single pages add theirs.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ScreenshotTests(Browser browser)
{
    internal const string Wanted = "SPINSTUDIO_SCREENSHOTS";

    [SkippableByEnvironment(Wanted)]
    public async Task The_sample_run_while_it_learns_and_when_it_has_learnt()
    {
        await using var studio = await Studio.StartAsync(Repository.In("samples", "quick.json"));
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        await ada.Page.Locator("article h3 a").First.ClickAsync();
        var run = new RunView(ada, RunView.IdIn(ada.Page.Url));
        await run.ExpectIterationAsync(1);
        await Expect(ada.Page.Locator(".pairs .pair").First).ToBeVisibleAsync();
        await ada.PictureAsync("run");
        await ada.OpenAsync("/");
        await ada.PictureAsync("home");
        await ada.OpenAsync("/runs/new");
        await ada.PictureAsync("new-run");

        await run.OpenAsync();
        await run.ExpectCompletedAsync();
        await run.OpenAsync("samples");
        await Expect(ada.Page.Locator(".card").Filter(new() { HasText = "Human" }).First).ToBeVisibleAsync();
        await ada.PictureAsync("samples");
        foreach (var tab in (string[])["charts", "iterations", "evaluate"])
        {
            await run.OpenAsync(tab);
            await Expect(ada.Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
            await ada.PictureAsync(tab);
        }

        await ada.OpenAsync("/runs");
        await Expect(ada.Page.Locator("tbody tr").First).ToBeVisibleAsync();
        await ada.PictureAsync("history");
    }
}

/// <summary>A test that runs only when an environment variable asks for it; otherwise it counts as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SkippableByEnvironmentAttribute : FactAttribute
{
    public SkippableByEnvironmentAttribute(string variable)
    {
        Variable = variable;
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)))
            Skip = $"Runs when {variable} is set.";
    }

    public string Variable { get; }
}
