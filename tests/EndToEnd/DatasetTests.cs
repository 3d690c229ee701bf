using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>A dataset's life in the browser: dropped, mapped, imported, read, searched, split and measured.</summary>
[Collection(BrowserCollection.Name)]
public sealed class DatasetTests(Browser browser)
{
    [Fact]
    public async Task Two_dropped_files_become_one_dataset_that_is_searched_split_and_measured()
    {
        await using var studio = await Studio.StartAsync();
        await using var ada = await browser.VisitAsync(studio);
        var page = ada.Page;
        await ada.SetUpAsync();
        await page.GotoAsync("/datasets");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Add the bundled sample" })).ToBeVisibleAsync();
        await ada.OpenAsync("/datasets/new");
        await Expect(page.GetByText("Drop files here")).ToBeVisibleAsync();

        await DropAsync(page, ("north.csv", Rows("north", 150)), ("south.csv", Rows("south", 150)));
        await page.GetByRole(AriaRole.Link, new() { Name = "Import 2 files as one dataset" }).ClickAsync();
        await Expect(page.GetByText("Not recognised")).ToBeVisibleAsync();
        await page.GetByLabel("Role of column ask").SelectOptionAsync("prompt");
        await Expect(page.GetByText("Choose the column that holds the answer.")).ToBeVisibleAsync();
        await page.GetByLabel("Role of column say").SelectOptionAsync("response");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What comes of it" }).GetByText("The north river 0 is long.")).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();

        // What was chosen and typed outlives the page.
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Rivers");
        await page.GetByLabel("Name", new() { Exact = true }).BlurAsync();
        await ada.OpenAsync(page.Url);
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Rivers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Import 300 rows" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Rivers", Level = 1 })).ToBeVisibleAsync();

        await ReadAndSearchAsync(page);
        await SplitAsync(page);
        await ada.AssertAccessibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Statistics" }).ClickAsync();
        await Expect(page.GetByText("of the prompts held out")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("^Answer: half of the rows have at most") })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new("Held-out prompts that are also trained on 0") })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("dataset-statistics");
        Assert.Empty(ada.Errors);
    }

    private static async Task ReadAndSearchAsync(IPage page)
    {
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 1", Exact = true })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-keys='j k']")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 3", Exact = true })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("k");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 2", Exact = true })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("k");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 1", Exact = true })).ToBeVisibleAsync();
        await page.GetByPlaceholder("Search the examples").FillAsync("SOUTH RIVER 149");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("1 of 300 rows contains “SOUTH RIVER 149”")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 300", Exact = true })).ToBeVisibleAsync();
        await Expect(page.Locator("mark").First).ToHaveTextAsync("south river 149");
        await page.GetByRole(AriaRole.Link, new() { Name = "Raw", Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("The row as it is in the file")).ToContainTextAsync("{\"prompt\":\"");
        await page.GetByRole(AriaRole.Link, new() { Name = "Show all rows" }).ClickAsync();
        await Expect(page.GetByText("“SOUTH RIVER 149”")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 1", Exact = true })).ToBeVisibleAsync();
        await page.GetByLabel("Row", new() { Exact = true }).FillAsync("250");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("row=250"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Row 250", Exact = true })).ToBeVisibleAsync();
        await Expect(page.Locator(".line[aria-current]")).ToContainTextAsync("250");
    }

    private static async Task SplitAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Versions" }).ClickAsync();
        await page.GetByLabel("Held-out share, %").FillAsync("20");
        await page.GetByRole(AriaRole.Button, new() { Name = "Split", Exact = true }).ClickAsync();
        await Expect(page.GetByText("split of Rivers version 1: 20 % of the prompts held out, seed 1")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Held-out rows of version 2" })).ToBeVisibleAsync();
    }

    /// <summary>As a person drops files from the desktop.</summary>
    private static async Task DropAsync(IPage page, params (string Name, string Text)[] files)
    {
        var data = await page.EvaluateHandleAsync(
            "files => { const data = new DataTransfer(); for (const f of files) data.items.add(new File([f.text], f.name, { type: 'text/csv' })); return data; }",
            files.Select(file => new { name = file.Name, text = file.Text }).ToArray());
        await page.Locator(".drop").DispatchEventAsync("drop", new { dataTransfer = data });
    }

    private static string Rows(string side, int count)
    {
        var text = new StringBuilder("ask,say\n");
        for (var i = 0; i < count; i++)
            text.Append($"Tell me about the {side} river {i}.,The {side} river {i} is long.\n");
        return text.ToString();
    }
}
