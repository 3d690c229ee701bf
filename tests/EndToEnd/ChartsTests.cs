using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Reading a run: its charts, and what is said of them.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ChartsTests(Browser browser) : IAsyncLifetime
{
    private Studio studio = null!;
    private Visitor ada = null!;
    private RunView run = null!;

    private IPage Page => ada.Page;

    public async Task InitializeAsync()
    {
        studio = await Studio.StartAsync(SampleRuns.Tiny);
        ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        run = await RunView.FollowAsync(ada, SampleRuns.TinyName);
        await run.ExpectCompletedAsync();
    }

    public async Task DisposeAsync()
    {
        await ada.DisposeAsync();
        await studio.DisposeAsync();
    }

    [Fact]
    public async Task Curves_are_zoomed_scaled_overlaid_and_saved_and_a_link_shows_the_same()
    {
        var other = await StartSecondAsync();
        await run.OpenAsync("charts");
        await run.ExpectCurveAsync("loss", points: 9);
        await ExpectAverageAsync();

        // A drag on one chart zooms; 0 shows all again; so does a double click.
        var reset = Page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" });
        await DragAsync("margins");
        await Expect(reset).ToBeVisibleAsync();
        await Page.Locator("[data-chart='loss'] .frame").FocusAsync();
        await Page.Keyboard.PressAsync("0");
        await Expect(reset).ToBeHiddenAsync();
        await Page.Keyboard.PressAsync("+");
        await Expect(reset).ToBeVisibleAsync();
        await Page.Locator("[data-chart='loss'] .u-over").DblClickAsync();
        await Expect(reset).ToBeHiddenAsync();
        await Page.Keyboard.PressAsync("ArrowRight");
        await Expect(Page.Locator(".chart-place")).ToContainTextAsync("iteration");

        // What a link should carry is in the address, another run and its colour too.
        await Page.GetByText("Log axis").ClickAsync();
        await Page.Locator(".chart-tools .segments").GetByText("Tokens").ClickAsync();
        await Page.GetByText("Overlay runs").ClickAsync();
        await Page.GetByLabel("Find a run by name").FillAsync("second");
        await Page.Locator(".overlay-list").GetByText("=second").ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex($"x=tokens.*with={other}|with={other}.*x=tokens"));
        await Expect(Page).ToHaveURLAsync(new Regex("log=true"));
        await Page.Keyboard.PressAsync("Escape");
        await ada.AssertAccessibleAsync();

        await using var bea = await browser.VisitAsync(studio, ColorScheme.Dark);
        await bea.LogInAsync();
        await bea.Page.GotoAsync(Page.Url);
        await Expect(bea.Page.Locator("[data-chart='loss'] .legend")).ToContainTextAsync("=second");
        await Expect(bea.Page.GetByLabel("Log axis")).ToBeCheckedAsync();
        await Expect(bea.Page.GetByRole(AriaRole.Radio, new() { Name = "Tokens" })).ToBeCheckedAsync();

        // Chosen once, kept for the person: without the address too.
        await bea.ExpectKeptAsync("charts", "tokens");
        await bea.Page.GotoAsync($"/runs/{run.Id}/charts");
        await Expect(bea.Page.GetByLabel("Log axis")).ToBeCheckedAsync();
        Assert.Empty(bea.Errors);

        var csv = Encoding.UTF8.GetString(await SavedAsync("Save all points of Loss as CSV"));
        Assert.Equal(18, csv.Split('\n').Count(line => line.Contains(",loss,", StringComparison.Ordinal)));
        Assert.Contains("\n'=second,", csv, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], (await SavedAsync("Save Loss as PNG")).Take(4));

        await Page.GetByRole(AriaRole.Button, new() { Name = "Enlarge Loss" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog, new() { Name = "Loss" })).ToBeVisibleAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Enlarge Loss" })).ToBeFocusedAsync();
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task The_iterations_say_what_their_figures_mean()
    {
        await run.OpenAsync("iterations");
        await Expect(Page.Locator(".run-head[data-interactive]")).ToBeVisibleAsync();
        await Expect(Page.GetByText("ln 2 ✓")).ToHaveCountAsync(2);
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Reward anatomy" })).ToBeVisibleAsync();
        await Expect(Page.GetByText(new Regex("The margin grows|No margin can be told"))).ToBeVisibleAsync();
        await Page.GetByText("Both log-probs fall: is that wrong?").ClickAsync();
        await Expect(Page.GetByText("Not by itself.")).ToBeVisibleAsync();
        await Expect(Page.GetByText("All signs together, cross-validated")).ToBeVisibleAsync();
        await Expect(Page.GetByText("too few to advise by")).ToBeVisibleAsync();
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Pairs 1" })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();

        // The answers behind them: filtered, with keys.
        await run.OpenAsync("samples");
        await Page.GetByRole(AriaRole.Link, new() { Name = "worst first" }).ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex("order=worst"));
        await Page.GetByRole(AriaRole.Link, new() { Name = "fails its check" }).ClickAsync();
        await Expect(Page.Locator("nav a.tag[aria-current=true]").Last).ToHaveTextAsync("fails its check");
        await Page.WaitForFunctionAsync("() => [...document.querySelectorAll('[data-item]')].every(item => item.innerText.includes('fails its check'))");
        await Page.Keyboard.PressAsync("j");
        await Page.Keyboard.PressAsync("j");
        await Expect(Page.Locator("[data-item]").Nth(1)).ToBeFocusedAsync();
        await Page.Keyboard.PressAsync("k");
        await Expect(Page.Locator("[data-item]").First).ToBeFocusedAsync();
        await run.OpenAsync("logs");
        await Expect(Page.Locator("#log")).ToContainTextAsync("Finished in");
        Assert.Contains((await Page.Locator("#log").InnerTextAsync()).Split('\n'), line => line.StartsWith("Finished in", StringComparison.Ordinal));
        await run.OpenAsync("config");
        await Expect(Page.GetByRole(AriaRole.Rowheader, new() { Name = "batch_size", Exact = true })).ToBeVisibleAsync();
        Assert.Empty(ada.Errors);
    }

    /// <summary>The page's own smoothing against the sum that defines it: ŷ_t = Σ (1 − w)·w^(t−i)·y_i / (1 − w^(t+1)).</summary>
    private async Task ExpectAverageAsync()
    {
        double[] values = [0.7, 0.1, 0.4, 0.9, 0.2];
        const double weight = 0.6;
        var smoothed = await Page.EvaluateAsync<JsonElement>("async values => (await import(document.querySelector('script[src*=\"js/charts\"]').src)).smooth([...values, null, 5], [0, 0, 0, 0, 0, 0, 1], 0.6)", values);
        for (var t = 0; t < values.Length; t++)
        {
            var expected = Enumerable.Range(0, t + 1).Sum(i => (1 - weight) * Math.Pow(weight, t - i) * values[i]) / (1 - Math.Pow(weight, t + 1));
            Assert.Equal(expected, smoothed[t].GetDouble(), 12);
        }

        Assert.Equal(JsonValueKind.Null, smoothed[5].ValueKind);
        Assert.Equal(5, smoothed[6].GetDouble(), 12); // a new iteration begins anew
    }

    private async Task DragAsync(string chart)
    {
        var box = await Page.Locator($"[data-chart='{chart}'] .u-over").BoundingBoxAsync() ?? throw new InvalidOperationException($"{chart} is not drawn.");
        await Page.Mouse.MoveAsync(box.X + (box.Width * 0.3f), box.Y + 40);
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync(box.X + (box.Width * 0.7f), box.Y + 60, new() { Steps = 4 });
        await Page.Mouse.UpAsync();
    }

    private async Task<byte[]> SavedAsync(string label)
    {
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.GetByLabel(label, new() { Exact = true }).ClickAsync());
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }

    /// <summary>The same run once more with another seed, under a name that a spreadsheet would take for a formula.</summary>
    private async Task<string> StartSecondAsync()
    {
        var id = await Page.EvaluateAsync<string>("""
            async id => {
              const run = await (await fetch(`/api/v1/runs/${id}`)).json();
              const token = (await (await fetch('/api/v1/antiforgery')).json()).token;
              const body = { config: { ...run.config, name: '=second', seed: 7 }, model_id: run.summary.model_id, dataset_id: run.summary.dataset_id, client_request_id: crypto.randomUUID() };
              const made = await fetch('/api/v1/runs', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': token }, body: JSON.stringify(body) });
              return (await made.json()).id;
            }
            """, run.Id);
        await Page.GotoAsync($"/runs/{id}");
        await run.ExpectCompletedAsync();
        return id;
    }
}
