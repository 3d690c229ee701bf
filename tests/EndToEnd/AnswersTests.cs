using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class AnswersTests(Browser browser, FinishedStudio finished)
{
    [Fact]
    public async Task Answers_are_compared_shaded_asked_anew_and_followed_through_the_iterations()
    {
        var (ada, _) = await finished.EnterAsync(browser);
        await using var leaving = ada;
        var page = ada.Page;

        // The human answer and the last two models, without a choice.
        await ada.OpenAsync("/compare");
        var panes = page.Locator("section.pane");
        await Expect(panes).ToHaveCountAsync(3);
        await Expect(page.GetByText("1 of 8")).ToBeVisibleAsync();
        await Expect(panes.Nth(2)).ToContainTextAsync("Margin");
        var first = await page.Locator(".prompt h2").InnerTextAsync();

        await page.Keyboard.PressAsync("j");
        await Expect(page.GetByText("2 of 8")).ToBeVisibleAsync();
        await Expect(page.Locator(".prompt h2")).Not.ToHaveTextAsync(first);
        await page.Keyboard.PressAsync("k");
        await Expect(page.GetByText("1 of 8")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "most changed" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "most changed" })).ToHaveAttributeAsync("aria-current", "true");

        // A fourth pane, the starting model; then tokens as the last model holds them.
        await page.GetByRole(AriaRole.Link, new() { Name = "Add an answer" }).ClickAsync();
        await Expect(panes).ToHaveCountAsync(4);
        await Expect(panes.Nth(3).GetByRole(AriaRole.Combobox)).ToContainTextAsync("Start");
        await page.GetByLabel("Shade tokens by their log-prob").SelectOptionAsync(new SelectOptionValue { Label = "as C holds them" });
        await Expect(panes.Nth(0).Locator(".token").First).ToBeVisibleAsync();
        await Expect(panes.Nth(3).Locator(".token").First).ToBeVisibleAsync();
        await Expect(panes.Nth(0).Locator(".token").First).ToHaveAttributeAsync("title", new Regex("log-prob .*Weighed: "));
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("answers");
        await ada.AssertFitsPhoneAsync();

        // The same seed draws the same answer.
        await panes.Nth(2).GetByRole(AriaRole.Button, new() { Name = "Ask now" }).ClickAsync();
        await Expect(panes.Nth(2).GetByText("Asked now")).ToBeVisibleAsync();
        await Expect(panes.Nth(2).GetByRole(AriaRole.Button, new() { Name = "Ask now" })).ToBeEnabledAsync();
        await panes.Nth(2).GetByRole(AriaRole.Button, new() { Name = "Recorded answer" }).ClickAsync();
        await Expect(panes.Nth(2)).ToContainTextAsync("Margin");

        var csv = Encoding.UTF8.GetString(await ada.FetchAsync((await page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).GetAttributeAsync("href"))!));
        Assert.StartsWith("prompt_id,system,prompt,Human", csv, StringComparison.Ordinal);

        // The last pane is the starting model, so the pane before it names the prompt's way.
        await panes.Nth(2).GetByRole(AriaRole.Link, new() { Name = "Trajectory" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Trajectory", Level = 1 })).ToBeVisibleAsync();
        await Expect(panes).ToHaveCountAsync(4);
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "Implicit rewards over the iterations" })).ToBeVisibleAsync();
        await page.GetByText("As a table").ClickAsync();
        await Expect(page.Locator("figure tbody tr")).ToHaveCountAsync(2);
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("trajectory");
        await ada.AssertFitsPhoneAsync();

        // A prompt of the training rows stays one on the way from page to page.
        await page.GetByRole(AriaRole.Link, new() { Name = "Training", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("split=train"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare", Exact = true }).Last.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Compare answers", Level = 1 })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Training", Exact = true })).ToHaveAttributeAsync("aria-current", "true");
        await Expect(page.Locator(".walk")).ToContainTextAsync("1 of");
        await panes.Nth(2).GetByRole(AriaRole.Link, new() { Name = "Trajectory" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Trajectory", Level = 1 })).ToBeVisibleAsync();
        await Expect(page.Locator(".walk")).ToContainTextAsync("1 of");
        Assert.Empty(ada.Errors);
    }
}
