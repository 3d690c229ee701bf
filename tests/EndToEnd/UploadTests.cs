using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class UploadTests(Browser browser)
{
    [Fact]
    public async Task Bad_rows_are_named_before_anything_is_kept_and_the_good_ones_can_be_trained_on()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny);
        await using var ada = await browser.VisitAsync(studio);
        var page = ada.Page;
        await ada.SetUpAsync();

        var rows = Enumerable.Range(1, 12).Select(number => number switch
        {
            3 => """{"prompt": "Name a river of row 3."}""",
            7 => """{"prompt": "Name a river of row 7.", "response": """,
            _ => $$"""{"prompt": "Name a river of row {{number}}.", "response": "The river of row {{number}} is the Spey."}""",
        });
        await UploadAsync(page, "rivers.jsonl", string.Join('\n', rows) + "\n");

        await Expect(Figure(page, "Good rows")).ToHaveTextAsync("10");
        await Expect(Figure(page, "Bad rows")).ToHaveTextAsync("2");
        var bad = page.GetByRole(AriaRole.Region, new() { Name = "Bad rows" }).Locator("tbody tr");
        await Expect(bad).ToHaveCountAsync(2);
        await Expect(bad.Nth(0).Locator("td").First).ToHaveTextAsync("3");
        await Expect(bad.Nth(0)).ToContainTextAsync("response");
        await Expect(bad.Nth(1).Locator("td").First).ToHaveTextAsync("7");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Correct the file, or leave out the bad rows" })).ToBeDisabledAsync();

        await page.GetByLabel("Leave out 2 bad rows and import the rest").CheckAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Rivers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Import 10 rows" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Rivers", Level = 1 })).ToBeVisibleAsync();
        await Expect(page.GetByText("Name a river of row 12.").First).ToBeVisibleAsync();

        var run = await LaunchAsync(ada, "Rivers", "Rivers run");
        await run.ExpectCompletedAsync();
        await run.AssertCurveIsWholeAsync(iterations: 1);
        await run.OpenAsync("samples?split=train");
        await Expect(page.GetByText("is the Spey").First).ToBeVisibleAsync();
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Pairs_go_out_as_parquet_and_come_back_as_a_dataset_and_as_preferences_to_tune_on()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.TinyName);
        await run.ExpectIterationAsync(0, steps: 1);

        var parquet = await ada.FetchAsync($"/api/v1/runs/{run.Id}/pairs?iteration=0&format=parquet");
        Assert.Equal("PAR1"u8, parquet.AsSpan(0, 4));
        await UploadAsync(ada.Page, "pairs.parquet", parquet);
        await Expect(ada.Page.GetByText("SPIN (real, generated)").First).ToBeVisibleAsync();
        await Expect(Figure(ada.Page, "Good rows")).ToHaveTextAsync("24");

        // Human answers are preferred to the opponent's: what was played against can be tuned on.
        var pairs = Encoding.UTF8.GetString(await ada.FetchAsync($"/api/v1/runs/{run.Id}/pairs?iteration=0")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!);
        var preferences = pairs.Select(pair => (Prompt: (string)pair["prompt"]!, Chosen: (string)pair["real"]!, Rejected: (string)pair["generated"]!)).Where(pair => pair.Chosen != pair.Rejected)
            .Select(pair => new JsonObject { ["prompt"] = pair.Prompt, ["chosen"] = pair.Chosen, ["rejected"] = pair.Rejected }.ToJsonString()).ToList();
        await UploadAsync(ada.Page, "preferences.jsonl", string.Join('\n', preferences));
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = $"Import {preferences.Count} rows" }).ClickAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = "preferences", Level = 1 })).ToBeVisibleAsync();
        var tuning = await LaunchAsync(ada, "preferences", "Tuned on preferences", method: "dpo");
        await tuning.ExpectCompletedAsync();
        Assert.Equal(Math.Log(2), (await tuning.PointsAsync("loss"))[0].Value, 1e-4);
        await Expect(ada.Page.GetByText("Rejected").First).ToBeVisibleAsync();
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Unknown_columns_are_mapped_by_hand()
    {
        await using var studio = await Studio.StartAsync();
        await using var ada = await browser.VisitAsync(studio);
        var page = ada.Page;
        await ada.SetUpAsync();

        await UploadAsync(page, "table.csv", "id,ask,say\n1,\"Where, then?\",\"There, \"\"then\"\".\"\n2,Who?,Me.\n");

        await Expect(page.GetByText("Not recognised")).ToBeVisibleAsync();
        await page.GetByLabel("Role of column ask").SelectOptionAsync("prompt");
        await page.GetByLabel("Role of column say").SelectOptionAsync("response");
        await Expect(Figure(page, "Good rows")).ToHaveTextAsync("2");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "What comes of it" }).GetByText("There, \"then\".")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Import 2 rows" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "table", Level = 1 })).ToBeVisibleAsync();
        Assert.Empty(ada.Errors);
    }

    private static Task UploadAsync(IPage page, string name, string content) => UploadAsync(page, name, Encoding.UTF8.GetBytes(content));

    private static async Task UploadAsync(IPage page, string name, byte[] content)
    {
        await page.GotoAsync("/datasets/new");
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "application/octet-stream", Buffer = content });
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Check and import" })).ToBeVisibleAsync();
    }

    private static ILocator Figure(IPage page, string name) => page.Locator(".stats > div", new() { Has = page.Locator("dt", new() { HasText = name }) }).Locator("dd");

    private static async Task<RunView> LaunchAsync(Visitor ada, string dataset, string name, string method = "spin")
    {
        var page = ada.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "New run", Exact = true }).First.ClickAsync();
        await page.GetByLabel("Dataset").SelectOptionAsync(await OptionAsync(page, "Dataset", dataset));
        await Expect(page).ToHaveURLAsync(new Regex("dataset="));
        await page.GetByLabel("Starting model").SelectOptionAsync(await OptionAsync(page, "Starting model", "Sample model"));
        await Expect(page).ToHaveURLAsync(new Regex("model="));
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.GetByLabel("Iterations").FillAsync("1");
        await page.GetByLabel("Iterations").BlurAsync();
        if (method != "spin")
        {
            await page.GetByRole(AriaRole.Link, new() { NameRegex = new("^Advanced") }).ClickAsync();
            await page.GetByLabel("Method").SelectOptionAsync(method);
            await Expect(page.Locator("dd", new() { HasText = "of the dataset" })).ToBeVisibleAsync(); // what is started is what was shown
        }

        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Start run|Start anyway|Queue run)$") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name, Level = 1 })).ToBeVisibleAsync();
        return new RunView(ada, RunView.IdIn(page.Url));
    }

    /// <summary>Value of the option whose label begins with a name; the figures after it are not the test's business.</summary>
    private static async Task<string> OptionAsync(IPage page, string select, string name) =>
        await page.GetByLabel(select).Locator("option", new() { HasText = name }).First.GetAttributeAsync("value") ?? throw new InvalidOperationException($"{select} offers no '{name}'.");
}
