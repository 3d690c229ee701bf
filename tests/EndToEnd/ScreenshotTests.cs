using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Makes the README's pictures: <c>SPINSTUDIO_SCREENSHOTS=1 ./studio test EndToEnd --filter Screenshot</c>.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ScreenshotTests(Browser browser)
{
    internal const string Wanted = "SPINSTUDIO_SCREENSHOTS";

    [SkippableByEnvironment(Wanted)]
    public async Task The_sample_run_while_it_learns()
    {
        await using var studio = await Studio.StartAsync(Repository.In("samples", "quick.json"));
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        await ada.Page.Locator("article h3 a").First.ClickAsync();
        var run = new RunView(ada, RunView.IdIn(ada.Page.Url));
        await run.ExpectIterationAsync(1);
        await Expect(ada.Page.Locator(".pairs .pair").First).ToBeVisibleAsync();

        await ada.PictureAsync("run");
        await run.ExpectCompletedAsync();
        await run.OpenAsync("samples");
        await Expect(ada.Page.Locator(".card").Filter(new() { HasText = "Human" }).First).ToBeVisibleAsync();
        await ada.PictureAsync("samples");
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
