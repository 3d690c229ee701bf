using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class PlaygroundTests(Browser browser, FinishedStudio finished)
{
    private const string Question = "Tell me a story in two sentences about Maya, a merry girl with a goat and a book.";

    [Fact]
    public async Task Two_models_answer_the_same_question_and_the_conversation_is_kept()
    {
        var (ada, _) = await finished.EnterAsync(browser);
        await using var leaving = ada;
        await ada.OpenAsync("/playground");
        await Expect(ada.Page.GetByText("Nothing asked yet.")).ToBeVisibleAsync();
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Second model" }).ClickAsync();
        await ada.Page.GetByLabel("Temperature").FillAsync("0");
        await ada.Page.GetByLabel("Temperature").PressAsync("Tab");
        await ada.Page.GetByLabel("Question").FillAsync(Question);
        await ada.Page.GetByLabel("Question").PressAsync("Enter");

        var told = ada.Page.GetByText("mean log-prob");
        await Expect(told).ToHaveCountAsync(2, new() { Timeout = 180_000 });
        await ada.Page.GetByLabel("Shade tokens by their log-prob").CheckAsync();
        await Expect(ada.Page.Locator(".token").First).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("log-prob .* Weighed: "));
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("playground");

        // The same question with the same settings at temperature 0 has the same answer, through the API as well.
        var first = ada.Page.Locator(".pane").First;
        var model = await first.Locator("select").InputValueAsync();
        var token = (string)JsonNode.Parse(await ada.FetchAsync("/api/v1/antiforgery"))!["token"]!;
        var answer = await ada.Context.APIRequest.PostAsync($"/api/v1/models/{model}/chat/completions", new()
        {
            DataObject = new { messages = new[] { new { role = "user", content = Question } }, temperature = 0, max_tokens = 256 },
            Headers = [KeyValuePair.Create("X-CSRF-TOKEN", token)],
        });
        var text = (string)JsonNode.Parse(await answer.TextAsync())!["choices"]![0]!["message"]!["content"]!;
        await Expect(first.Locator(".answer .text")).ToHaveTextAsync(text);

        await ada.OpenAsync("/playground");
        await Expect(told).ToHaveCountAsync(2);
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Expect(ada.Page.GetByText("Nothing asked yet.")).ToHaveCountAsync(2);
        Assert.Empty(ada.Errors);
    }
}
