using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>What is looked for. Contrast is slow, and measured only on a page at rest, for a button that wakes up meanwhile has a colour in between.</summary>
internal enum Rules
{
    All,
    AllButContrast,
    Colours,
}

/// <summary>Somebody at a browser.</summary>
internal sealed partial class Visitor : IAsyncDisposable
{
    public const string Name = "Ada", Password = "three calm green boats";

    private readonly ConcurrentQueue<string> _errors = [];

    public Visitor(IBrowserContext context, IPage page)
    {
        (Context, Page) = (context, page);
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !ConnectionLost().IsMatch(message.Text))
                _errors.Enqueue(message.Text);
        };
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    /// <summary>Uncaught exceptions and console errors; what a restart of the server causes is not among them.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>The first visit to an empty studio: creates the administrator.</summary>
    public async Task SetUpAsync()
    {
        await Page.GotoAsync("/");
        await Expect(Page).ToHaveURLAsync(new Regex("/account/setup"));
        await Page.GetByLabel("Your name").FillAsync(Name);
        await Page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await Page.GetByLabel("Password again").FillAsync(Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Create account" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Home" })).ToBeVisibleAsync();
    }

    public async Task LogInAsync(string name = Name)
    {
        await Page.GotoAsync("/account/login");
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("Password").FillAsync(Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Home" })).ToBeVisibleAsync();
    }

    /// <summary>Serious and critical violations of WCAG on the present page, one a line.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync(Rules rules = Rules.All)
    {
        var result = await Page.RunAxe(new AxeRunOptions
        {
            RunOnly = rules == Rules.Colours
                ? new RunOnlyOptions { Type = "rule", Values = ["color-contrast", "link-in-text-block"] }
                : new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] },
            Rules = rules == Rules.AllButContrast ? new Dictionary<string, RuleOptions> { ["color-contrast"] = new() { Enabled = false } } : null,
        }).WaitAsync(TimeSpan.FromMinutes(1));
        return [.. result.Violations
            .Where(violation => violation.Impact is "serious" or "critical")
            .SelectMany(violation => violation.Nodes.Select(node => $"{Page.Url} {violation.Id}: {violation.Help}\n    {node.Html}"))];
    }

    /// <summary>The page has none of them; the title, which comes a moment after the page, is waited for. Contrast is <see cref="AccessibilityTests"/>' business.</summary>
    public async Task AssertAccessibleAsync()
    {
        await Expect(Page).ToHaveTitleAsync(new Regex("."));
        var violations = await ViolationsAsync(Rules.AllButContrast);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    /// <summary>Opens a page and waits until its buttons do something.</summary>
    public async Task OpenAsync(string address)
    {
        await Page.GotoAsync(address);
        await Expect(Page.Locator(".shell[data-interactive]")).ToBeVisibleAsync();
    }

    /// <summary>Takes a picture of the page for docs/images, when <c>SPINSTUDIO_SCREENSHOTS</c> asks for pictures; else does nothing.</summary>
    public async Task PictureAsync(string name)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ScreenshotTests.Wanted)))
            return;
        Directory.CreateDirectory(Repository.In("docs", "images"));
        await Page.ScreenshotAsync(new() { Path = Repository.In("docs", "images", name + ".png"), Animations = ScreenshotAnimations.Disabled });
    }

    /// <summary>On a phone nothing of the page lies beside the screen.</summary>
    public async Task AssertFitsPhoneAsync()
    {
        const int Phone = 360;
        var size = Page.ViewportSize!;
        await Page.SetViewportSizeAsync(Phone, 780);
        Assert.InRange(await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, Phone);
        await Page.SetViewportSizeAsync(size.Width, size.Height);
    }

    /// <summary>Asks the API for a change, as a page does it; returns its answer.</summary>
    public async Task<JsonNode?> PostAsync(string address, JsonNode body)
    {
        var token = JsonNode.Parse(await FetchAsync("/api/v1/antiforgery"))!["token"]!.GetValue<string>();
        var response = await Context.APIRequest.PostAsync(address, new() { Headers = new Dictionary<string, string> { ["X-CSRF-TOKEN"] = token, ["Content-Type"] = "application/json" }, DataString = body.ToJsonString() });
        var text = await response.TextAsync();
        Assert.True(response.Ok, $"{address}: {response.Status} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Sends bytes to the API, as an upload does it.</summary>
    public async Task PutBytesAsync(string address, byte[] bytes)
    {
        var token = JsonNode.Parse(await FetchAsync("/api/v1/antiforgery"))!["token"]!.GetValue<string>();
        var response = await Context.APIRequest.PutAsync(address, new() { Headers = new Dictionary<string, string> { ["X-CSRF-TOKEN"] = token, ["Content-Type"] = "application/octet-stream" }, DataByte = bytes });
        Assert.True(response.Ok, $"{address}: {response.Status} {await response.TextAsync()}");
    }

    /// <summary>Waits until the server keeps a value under one of the visitor's settings.</summary>
    public async Task ExpectKeptAsync(string setting, string value)
    {
        var kept = "";
        for (var i = 0; i < 300 && !kept.Contains(value, StringComparison.Ordinal); i++)
        {
            await Task.Delay(100);
            var answer = await Context.APIRequest.GetAsync($"/api/v1/me/settings/{setting}");
            kept = answer.Ok ? await answer.TextAsync() : "";
        }

        Assert.Contains(value, kept, StringComparison.Ordinal);
    }

    /// <summary>What a file from the server holds, fetched with this visitor's cookies.</summary>
    public async Task<byte[]> FetchAsync(string address)
    {
        var response = await Context.APIRequest.GetAsync(address);
        Assert.True(response.Ok, $"{address}: {response.Status} {response.StatusText}");
        return await response.BodyAsync();
    }

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();

    [GeneratedRegex("ERR_CONNECTION|ERR_INCOMPLETE|WebSocket|Connection disconnected|Failed to (start|complete|fetch)|Server returned an error on close|net::", RegexOptions.IgnoreCase)]
    private static partial Regex ConnectionLost();
}
