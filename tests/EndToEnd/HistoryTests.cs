using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>A studio with two finished runs that differ in β.</summary>
public sealed class TwoRuns(Browser browser) : IAsyncLifetime
{
    internal const string SecondName = "Second run";

    internal Studio Studio { get; private set; } = null!;

    internal string First { get; private set; } = "";

    internal string Second { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Studio = await Studio.StartAsync(SampleRuns.Tiny);
        await using var ada = await browser.VisitAsync(Studio);
        await ada.SetUpAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.TinyName);
        await run.ExpectCompletedAsync();
        First = run.Id;
        var detail = JsonNode.Parse(await ada.FetchAsync($"/api/v1/runs/{First}"))!;
        var config = detail["config"]!.DeepClone();
        (config["name"], config["beta"]) = (SecondName, new JsonArray(0.2));
        var created = await ada.PostAsync("/api/v1/runs", new JsonObject
        {
            ["config"] = config, ["model_id"] = (string?)detail["summary"]!["model_id"], ["dataset_id"] = (string?)detail["summary"]!["dataset_id"], ["client_request_id"] = "second",
        });
        Second = (string)created!["id"]!;
        var second = new RunView(ada, Second);
        await second.OpenAsync();
        await second.ExpectCompletedAsync();
    }

    public async Task DisposeAsync() => await Studio.DisposeAsync();
}

/// <summary>Finding, keeping, comparing and sharing runs.</summary>
[Collection(BrowserCollection.Name)]
public sealed class HistoryTests(Browser browser, TwoRuns runs) : IClassFixture<TwoRuns>
{
    [Fact]
    public async Task A_run_is_tagged_noted_pinned_archived_thrown_away_restored_and_purged()
    {
        await using var ada = await VisitAsync();
        var page = ada.Page;
        await ada.OpenAsync($"/runs/{runs.Second}");
        await page.GetByLabel("Add a tag").FillAsync("Keep me");
        await page.GetByLabel("Add a tag").PressAsync("Enter");
        await Expect(page.GetByLabel("Tags").GetByText("keep me")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Write notes" }).ClickAsync();
        await page.GetByLabel("Notes in Markdown").FillAsync("**bold** <script>window.pwned = true</script> ![x](https://evil.example/x.png)");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save notes" }).ClickAsync();
        await Expect(page.Locator(".markdown strong")).ToHaveTextAsync("bold");
        await Expect(page.Locator(".markdown")).ToContainTextAsync("<script>window.pwned = true</script>");
        Assert.Equal(0, await page.Locator(".markdown :is(script, img)").CountAsync());
        Assert.False(await page.EvaluateAsync<bool>("() => 'pwned' in window"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Pin", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Unpin" })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();

        // Pinned: first, although the order says otherwise. Found by its tag. Put away with the keyboard.
        await ada.OpenAsync("/runs?sort=-name");
        await Expect(page.Locator("[data-row] [data-open]").First).ToHaveTextAsync(TwoRuns.SecondName);
        await page.GetByRole(AriaRole.Searchbox).FillAsync("keep");
        await page.GetByRole(AriaRole.Searchbox).PressAsync("Enter");
        await Expect(page.Locator("[data-row]")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Searchbox).BlurAsync();
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("x");
        await ada.AssertAccessibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Archive 1" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No run matches" })).ToBeVisibleAsync();
        await ada.OpenAsync("/runs?show=archived");
        await Select(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Move 1 to trash" }).ClickAsync();
        await ada.OpenAsync("/runs?show=trash");
        await Expect(page.Locator("[data-row]")).ToContainTextAsync("put into the trash by Ada");
        await Select(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore 1" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The trash is empty" })).ToBeVisibleAsync();

        // Purged: the files are gone, the row stays.
        await ada.OpenAsync($"/runs/{runs.Second}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Move to trash" }).ClickAsync();
        await Expect(page.GetByText("In the trash")).ToBeVisibleAsync();
        await ada.OpenAsync("/runs?show=trash");
        await Select(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete 1 for good…" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alertdialog)).ToContainTextAsync(new Regex(@"Frees \d"));
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(@"^Delete 1 run, \d.* [kMG]B$") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The trash is empty" })).ToBeVisibleAsync();
        Assert.False(Directory.Exists(Path.Combine(runs.Studio.Data, "runs", Guid.Parse(runs.Second).ToString("N"))));
        await ada.OpenAsync("/runs?show=archived");
        await Expect(page.Locator("[data-row]")).ToContainTextAsync("Files deleted");
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Two_runs_are_compared_by_what_differs_and_against_a_baseline()
    {
        await using var ada = await VisitAsync();
        var page = ada.Page;
        await ada.OpenAsync("/runs?show=all");
        await page.GetByLabel($"Select {SampleRuns.TinyName}").CheckAsync();
        await page.GetByLabel($"Select {TwoRuns.SecondName}").CheckAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare 2" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Compare runs" })).ToBeVisibleAsync();
        var settings = page.GetByRole(AriaRole.Region, new() { Name = "Settings by run" });
        await Expect(settings.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("^seed") })).ToBeVisibleAsync();
        await page.GetByLabel("Differences only").CheckAsync();
        await Expect(settings.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("^seed") })).ToHaveCountAsync(0);
        await Expect(settings.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("^beta") })).ToContainTextAsync("0.2");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Held-out figures by run" })).ToContainTextAsync("paired");
        await page.GetByRole(AriaRole.Link, new() { Name = "Make it the baseline" }).First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("base=" + runs.Second + "|base=" + runs.First));
        await Expect(page.GetByLabel("Differences only")).ToBeCheckedAsync();
        await ada.AssertAccessibleAsync();
        Assert.Empty(ada.Errors);
        await ada.PictureAsync("compare");
    }

    [Fact]
    public async Task A_link_opens_without_an_account_until_it_is_revoked_and_the_report_prints()
    {
        await using var ada = await VisitAsync();
        var page = ada.Page;
        await ada.OpenAsync($"/runs/{runs.First}");
        await page.Locator("summary", new() { HasText = "Share" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a link" }).ClickAsync();
        var link = await page.GetByLabel("The link, shown this once").InputValueAsync();
        await using (var stranger = await browser.VisitAsync(runs.Studio))
        {
            Assert.Equal(200, (await stranger.Page.GotoAsync(link))!.Status);
            await Expect(stranger.Page.GetByRole(AriaRole.Heading, new() { Name = SampleRuns.TinyName })).ToBeVisibleAsync();
            await Expect(stranger.Page.Locator("svg.curves").First).ToBeVisibleAsync();
            Assert.Empty(await stranger.Context.CookiesAsync());
            await stranger.AssertAccessibleAsync();
            Assert.Empty(stranger.Errors);
            await page.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
            await Expect(page.GetByText("Revoked")).ToBeVisibleAsync();
            Assert.Equal(404, (await stranger.Page.GotoAsync(link))!.Status);
        }

        await ada.OpenAsync($"/runs/{runs.First}/report");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "How to repeat it" })).ToBeVisibleAsync();
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Expect(page.Locator(".rail")).ToBeHiddenAsync();
        var pdf = await page.PdfAsync(new() { Format = "A4", PreferCSSPageSize = true });
        Assert.Equal("%PDF"u8.ToArray(), pdf[..4]);
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Who_is_named_in_a_comment_finds_it_under_activity()
    {
        await using var ada = await VisitAsync();
        await ada.PostAsync("/api/v1/members", new JsonObject { ["name"] = "Bea", ["password"] = Visitor.Password, ["role"] = "runner" });
        await using var bea = await browser.VisitAsync(runs.Studio);
        await bea.LogInAsync("Bea");
        var page = ada.Page;
        await ada.OpenAsync($"/runs/{runs.First}/discussion");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nobody has said anything yet" })).ToBeVisibleAsync();
        await page.Locator("#new-comment").PressSequentiallyAsync("Look at this, @be", new() { Delay = 20 });
        await page.GetByRole(AriaRole.Button, new() { Name = "@Bea" }).ClickAsync();
        await Expect(page.Locator("#new-comment")).ToHaveValueAsync("Look at this, @Bea ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Comment", Exact = true }).ClickAsync();
        await Expect(page.Locator(".mention")).ToHaveTextAsync("@Bea");

        // Without a reload: the badge, then the list; who reads it is done with it.
        await Expect(bea.Page.GetByLabel("1 unread")).ToBeVisibleAsync();
        await bea.Page.GetByRole(AriaRole.Link, new() { Name = "Activity" }).ClickAsync();
        await Expect(bea.Page.GetByRole(AriaRole.Heading, new() { Name = "Said to you (1 new)" })).ToBeVisibleAsync();
        await Expect(bea.Page.Locator(".lines").Last).ToContainTextAsync($"Ada commented on {SampleRuns.TinyName}");
        await bea.AssertAccessibleAsync();
        await bea.Page.GetByRole(AriaRole.Link, new() { Name = SampleRuns.TinyName }).First.ClickAsync();
        await Expect(bea.Page.Locator(".mention")).ToBeVisibleAsync();
        await Expect(bea.Page.GetByLabel("1 unread")).ToHaveCountAsync(0);
        Assert.Empty(ada.Errors);
        Assert.Empty(bea.Errors);
    }

    private async Task<Visitor> VisitAsync()
    {
        var ada = await browser.VisitAsync(runs.Studio);
        await ada.LogInAsync();
        return ada;
    }

    private static async Task Select(IPage page)
    {
        await page.GetByLabel($"Select {TwoRuns.SecondName}").CheckAsync();
        await Expect(page.GetByText("1 selected")).ToBeVisibleAsync();
    }
}
