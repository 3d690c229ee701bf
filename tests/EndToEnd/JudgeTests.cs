using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SpinStudio.Testing;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class JudgeTests(Browser browser, FinishedStudio finished)
{
    [Fact]
    public async Task A_server_is_added_and_judges_two_iterations_of_a_finished_run()
    {
        // Longer answers are better to this judge; of every fifth question it likes whatever stands first.
        using var judge = new ScriptedJudge(question => (200, question.Text.StartsWith("Compare", StringComparison.Ordinal)
            ? $"Both keep to the task; one says more.\nVerdict: {(question.Prompt.Length % 5 == 0 || question.A.Length > question.B.Length ? "A" : "B")}"
            : "ready"));
        var (ada, _) = await finished.EnterAsync(browser);
        await using var leaving = ada;
        var page = ada.Page;
        await ada.OpenAsync("/judge");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a model server" }).ClickAsync();
        await page.GetByLabel("Server's name").FillAsync("House judge");
        await page.GetByLabel("Address").FillAsync(judge.Address);
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("judge-1");
        await page.GetByLabel("API key").FillAsync("sk-browser");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add server" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Test House judge" }).ClickAsync();
        await Expect(page.GetByText(new Regex("judge-1 answered in"))).ToBeVisibleAsync();
        Assert.Equal("Bearer sk-browser", judge.Keys.Single());

        await ada.OpenAsync("/judge/new");
        await page.GetByLabel("Compare").SelectOptionAsync(new SelectOptionValue { Label = $"{SampleRuns.TinyName} · Iteration 1" });
        await page.GetByLabel("Compare").SelectOptionAsync(new SelectOptionValue { Label = $"{SampleRuns.TinyName} · Start" });
        await ada.AssertAccessibleAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Send [0-9]+ requests") }).ClickAsync();
        await Expect(page.Locator("h1 .pill")).ToHaveTextAsync("Done");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Results by pair of sources" })).ToContainTextAsync(new Regex("[0-9] %.*n = [1-8]"));
        await page.Locator(".judged > summary").First.ClickAsync();
        await Expect(page.Locator(".judged blockquote").First).ToContainTextAsync("Verdict: ");
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("judge");
        Assert.Contains("prompt_id,first,second", System.Text.Encoding.UTF8.GetString(await ada.FetchAsync($"/api/v1/judgings/{page.Url.Split('/')[^1]}/verdicts.csv")), StringComparison.Ordinal);
        Assert.Empty(ada.Errors);
    }
}
