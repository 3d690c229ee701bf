using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Blind votes on the answers of the sample run.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ArenaTests(Browser browser, FinishedStudio finished)
{
    [Fact]
    public async Task An_arena_is_made_voted_on_by_keyboard_and_read()
    {
        var (ada, run) = await finished.EnterAsync(browser);
        await using var leaving = ada;
        var page = ada.Page;
        await ada.OpenAsync("/arena");
        await page.GetByRole(AriaRole.Link, new() { Name = "Make an arena" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("Which is better?");
        await Expect(page.GetByText("4 contestants on 8 prompts: 6 pairs, 120 votes wanted. One rater gives a pair at most 8 votes, so that it needs 3 raters.")).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the arena" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No votes yet" })).ToBeVisibleAsync();
        var arena = Regex.Match(page.Url, "/arena/([0-9a-f-]{36})").Value;

        // A fresh circuit: whatever the server sends it before the vote is listened to.
        var heard = new StringBuilder();
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => heard.Append(frame.Text ?? Encoding.UTF8.GetString(frame.Binary ?? []));
        await ada.OpenAsync($"{arena}/vote");
        var votes = page.GetByRole(AriaRole.Button, new() { Name = "A is better" });
        await Expect(votes).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Answer A" })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("arena");
        var before = heard + await page.ContentAsync();
        Assert.Contains("Answer A", before, StringComparison.Ordinal);
        Assert.DoesNotContain(SampleRuns.TinyName, before, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Id, before, StringComparison.Ordinal);

        foreach (var key in (string[])["ArrowLeft", "2", "ArrowUp", "4", "1", "ArrowRight"])
        {
            await Expect(votes).ToBeVisibleAsync();
            await page.Keyboard.PressAsync(key);
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Next" })).ToBeVisibleAsync();
            await Expect(page.Locator("#seat-a")).Not.ToContainTextAsync("Answer A");
            await page.Keyboard.PressAsync("Enter");
        }

        await Expect(page.GetByText("6 votes by you")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("u");
        await Expect(page.GetByText("5 votes by you")).ToBeVisibleAsync();
        await ada.OpenAsync($"{arena}/spot");
        await page.Keyboard.PressAsync("1");
        await Expect(page.Locator(".desk .pill")).ToHaveTextAsync(new Regex("Spotted|Taken in"));

        await VoteAsync(ada, arena, 24);
        await ada.OpenAsync(arena);
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Standings" }).Locator("tbody tr")).ToHaveCountAsync(4);
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("standings");
        foreach (var (tab, shown) in new[] { ("human", "How often the human is spotted"), ("agreement", "Between raters"), ("raters", "Raters") })
        {
            await ada.OpenAsync($"{arena}/{tab}");
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = shown, Exact = true })).ToBeVisibleAsync();
            await ada.AssertAccessibleAsync();
        }

        Assert.StartsWith("voted_at,rater", Encoding.UTF8.GetString(await ada.FetchAsync($"/api/v1{arena.Replace("arena", "arenas", StringComparison.Ordinal)}/votes.csv")), StringComparison.Ordinal);
        await page.Locator("summary", new() { HasText = "Export" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a dataset" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the dataset" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/datasets/"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Which is better? preferences" })).ToBeVisibleAsync();
        Assert.Empty(ada.Errors);
    }

    /// <summary>Votes as a program does it: for the longer answer, so that the standings have something to tell.</summary>
    private static async Task VoteAsync(Visitor ada, string arena, int votes)
    {
        var ballots = $"/api/v1{arena.Replace("arena", "arenas", StringComparison.Ordinal)}/ballots";
        for (var vote = 0; vote < votes; vote++)
        {
            if ((await ada.PostAsync(ballots, new JsonObject()))!["ballot"] is not { } ballot)
                return;
            var (first, second) = ((string)ballot["first"]!, (string)ballot["second"]!);
            await ada.PostAsync($"{ballots}/{ballot["id"]}/vote", new JsonObject { ["choice"] = first.Length > second.Length ? "first" : first.Length < second.Length ? "second" : "tie" });
        }
    }
}
