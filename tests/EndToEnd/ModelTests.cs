using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SpinStudio.Testing;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Models come in from this computer and from a hub, are looked at, named and taken away. One studio for all of it.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ModelTests(Browser browser) : IAsyncLifetime, IDisposable
{
    private static readonly string Sample = Repository.In("samples", "model");

    private readonly LoopbackHub _hub = new();
    private Studio _studio = null!;
    private Visitor _ada = null!;

    private IPage Page => _ada.Page;

    public async Task InitializeAsync()
    {
        _studio = await Studio.StartAsync(SampleRuns.Tiny, ("Studio__HubEndpoint", _hub.Address.ToString()));
        _ada = await browser.VisitAsync(_studio);
        await _ada.SetUpAsync();
    }

    public async Task DisposeAsync()
    {
        await _ada.DisposeAsync();
        await _studio.DisposeAsync();
    }

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task Models_come_in_are_looked_at_promoted_and_taken_away()
    {
        await UploadZipAsync();
        await PreviewTokensAsync();
        await DownloadGgufAsync();
        await PullFromHubAsync();
        await PromoteAsync();
        Assert.Empty(_ada.Errors);
    }

    private async Task UploadZipAsync()
    {
        await _ada.OpenAsync("/models/new");
        await _ada.AssertAccessibleAsync();
        await Page.Locator("#model-files").SetInputFilesAsync(new FilePayload { Name = "broken.zip", MimeType = "application/zip", Buffer = Encoding.UTF8.GetBytes("no zip at all") });
        await Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Check and add") }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is no zip");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove broken.zip" }).ClickAsync();

        await Page.Locator("#model-files").SetInputFilesAsync(new FilePayload { Name = "mine.zip", MimeType = "application/zip", Buffer = Zip() });
        await Expect(Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Check and add") })).ToBeVisibleAsync();
        await _ada.OpenAsync(Page.Url); // what has arrived is in the address
        await Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Mine");
        await Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Check and add") }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Mine", Level = 1 })).ToBeVisibleAsync();
        await Expect(Page.GetByText("Left out, because they are no part of a model: mine/setup.py.")).ToBeVisibleAsync();
    }

    private async Task PreviewTokensAsync()
    {
        var chips = Page.Locator(".chip");
        await Expect(chips.First).ToHaveTextAsync("<|user|>");
        await Page.GetByLabel("Message 2", new() { Exact = true }).FillAsync("Yes.");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Render" }).ClickAsync();
        await Expect(Page.Locator(".chip.trained").Last).ToHaveTextAsync("<|end|>");
        await Expect(Page.Locator(".chip.trained").First).ToHaveTextAsync(new Regex("^Y"));
        await Page.Locator(".chip.trained").First.HoverAsync();
        await Expect(Page.Locator(".chip.trained").First).ToHaveAttributeAsync("data-tip", new Regex(@"^id \d+ · bytes 59.* · trained on$"));
        Assert.Contains("bytes 59", await Page.Locator(".chip.trained").First.EvaluateAsync<string>("chip => getComputedStyle(chip, '::after').content"), StringComparison.Ordinal);
        await Expect(Page.GetByRole(AriaRole.List, new() { Name = "Checks" }).GetByRole(AriaRole.Listitem)).ToHaveCountAsync(4);
        await _ada.AssertAccessibleAsync();
        await _ada.PictureAsync("model");
    }

    private async Task DownloadGgufAsync()
    {
        await Page.GetByText("Download", new() { Exact = true }).ClickAsync();
        var link = Page.GetByRole(AriaRole.Link, new() { NameRegex = new("^GGUF q8_0") });
        var file = await _ada.FetchAsync((await link.GetAttributeAsync("href"))!);
        Assert.Equal("GGUF", Encoding.ASCII.GetString(file, 0, 4));
    }

    private async Task PullFromHubAsync()
    {
        _hub.AddFolder("acme/sample", Sample);
        _hub.Pace = TimeSpan.FromMilliseconds(10);
        await _ada.OpenAsync("/models/new?from=hub");
        await Page.GetByLabel(new Regex("^Repository on")).FillAsync("acme/none");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Look it up" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("404");
        await Page.GetByLabel(new Regex("^Repository on")).FillAsync("acme/sample");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Look it up" }).ClickAsync();
        await Expect(Page.GetByText("apache-2.0")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Download 1") }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Progressbar, new() { Name = "Download of acme/sample" })).ToBeVisibleAsync();
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeVisibleAsync();
        await _ada.AssertAccessibleAsync();
        await Page.GetByRole(AriaRole.Link, new() { Name = "Open the model" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "acme/sample", Level = 1 })).ToBeVisibleAsync();
        await Expect(Page.GetByText($"acme/sample at commit {LoopbackHub.Commit}").First).ToBeVisibleAsync();
    }

    private async Task PromoteAsync()
    {
        await _ada.OpenAsync("/models?origin=run&sort=oldest");
        await Expect(Page.GetByRole(AriaRole.Link, new() { NameRegex = new("iteration 0$") }).First).ToBeVisibleAsync(new() { Timeout = 180_000 });
        await Page.GetByRole(AriaRole.Link, new() { NameRegex = new("iteration 0$") }).First.ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Promote…" }).ClickAsync();
        await Page.Locator("#dialog-name").FillAsync("Champion");
        await Page.Locator("#dialog-note").FillAsync("the best so far");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Promote", Exact = true }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Champion", Level = 1 })).ToBeVisibleAsync();
        await _ada.OpenAsync("/models?q=best");
        await Expect(Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(Page.Locator("tbody tr")).ToContainTextAsync("promoted");
        await _ada.AssertAccessibleAsync();
        await _ada.OpenAsync("/models");
        await Expect(Page.Locator("tbody tr").First).ToBeVisibleAsync();
        await _ada.PictureAsync("models");
    }

    private static byte[] Zip()
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var file in Directory.EnumerateFiles(Sample))
                archive.CreateEntryFromFile(file, "mine/" + Path.GetFileName(file));
            archive.CreateEntry("mine/setup.py");
        }
        return stream.ToArray();
    }
}
