using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>One studio, whose first run is done; an engine that is killed fails its run at once.</summary>
public sealed class LaunchStudio : IAsyncLifetime
{
    internal Studio Studio { get; private set; } = null!;

    public async Task InitializeAsync() => Studio = await Studio.StartAsync(SampleRuns.Tiny, ("Studio__MaxResumes", "0"));

    public async Task DisposeAsync() => await Studio.DisposeAsync();
}

/// <summary>Setting up, starting, queueing, stopping and mending runs.</summary>
[Collection(BrowserCollection.Name)]
public sealed class LaunchTests(Browser browser, LaunchStudio shared) : IClassFixture<LaunchStudio>
{
    private const float Long = 120_000;

    private Studio Studio => shared.Studio;

    [Fact]
    public async Task What_was_typed_survives_a_killed_server()
    {
        await using var ada = await EnterAsync();
        await ada.Page.GotoAsync("/runs/new");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Night shift");
        await ada.Page.Locator("#field-beta").FillAsync("0.3, ");
        await ada.ExpectKeptAsync("draft:new-run", "0.3, ");

        Studio.Kill();
        await Studio.StartAgainAsync();
        await ada.Page.GotoAsync("/runs/new");
        await Expect(ada.Page.GetByText("Your draft of")).ToBeVisibleAsync();
        await Expect(ada.Page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Night shift");
        await Expect(ada.Page.Locator("#field-beta")).ToHaveValueAsync("0.3, ");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("new-run");

        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Discard draft" }).ClickAsync();
        await Expect(ada.Page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("");
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task A_clone_shows_its_difference_starts_and_remembers_it()
    {
        await using var ada = await EnterAsync();
        var parent = await FirstRunAsync(ada);
        await ada.Page.GetByRole(AriaRole.Link, new() { Name = "Clone" }).ClickAsync();
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.Page.Locator("#field-beta").FillAsync("0.4");
        await Expect(ada.Page.Locator("aside", new() { HasText = $"Difference to {SampleRuns.TinyName}" })).ToContainTextAsync("0.1 → 0.4");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.AssertAccessibleAsync();
        await StartButton(ada).ClickAsync();

        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = $"{SampleRuns.TinyName} (copy)", Level = 1 })).ToBeVisibleAsync();
        await Expect(ada.Page.GetByText("1 setting changed: beta 0.1 → 0.4")).ToBeVisibleAsync();
        await EndAsync(ada, RunView.IdIn(ada.Page.Url));
        Assert.NotEqual(parent.Id, RunView.IdIn(ada.Page.Url));
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task A_sweep_lines_up_and_the_queue_is_reordered_paused_and_opened()
    {
        await using var ada = await EnterAsync();
        var first = await FirstRunAsync(ada);
        var before = (await RunsAsync(ada)).Count;
        await ada.Page.GotoAsync($"/runs/new?from={first.Id}&change=epochs%3D200");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.Page.Locator("summary", new() { HasText = "Sweep" }).ClickAsync();
        await ada.Page.Locator("#sweep-key-1").SelectOptionAsync("seed");
        await ada.Page.Locator("#sweep-values-1").FillAsync("1, 2, 3");
        await ada.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Start 3 runs( anyway)?$") }).ClickAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = "Home" })).ToBeVisibleAsync();

        var waiting = ada.Page.GetByRole(AriaRole.List, new() { Name = "Waiting runs in their order" }).GetByRole(AriaRole.Listitem);
        await Expect(waiting).ToHaveCountAsync(2, new() { Timeout = Long });
        await Expect(waiting.First).ToContainTextAsync("Seed 2");
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Pause queue" }).ClickAsync();
        await Expect(ada.Page.GetByText($"Paused by {Visitor.Name}")).ToBeVisibleAsync();
        await waiting.First.GetByRole(AriaRole.Button, new() { NameRegex = new("down$") }).PressAsync("Enter");
        await Expect(waiting.First).ToContainTextAsync("Seed 3");
        await waiting.First.GetByRole(AriaRole.Button, new() { NameRegex = new("^Hold") }).ClickAsync();
        await Expect(waiting.First).ToContainTextAsync($"held by {Visitor.Name}");
        await ada.AssertAccessibleAsync();
        await ada.PictureAsync("queue");

        // The one that works goes on to its end here; then the open queue passes the held run and starts the other.
        var runs = await RunsAsync(ada);
        Assert.Equal(before + 3, runs.Count);
        await EndAsync(ada, Named(runs, "Seed 1"));
        await Expect(waiting).ToHaveCountAsync(2);
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Open queue" }).ClickAsync();
        await Expect(waiting).ToHaveCountAsync(1, new() { Timeout = Long });
        await Expect(waiting.First).ToContainTextAsync("Seed 3");
        foreach (var seed in (string[])["Seed 2", "Seed 3"])
            await EndAsync(ada, Named(runs, seed));
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task Stopping_offers_three_outcomes_and_pausing_says_who()
    {
        await using var ada = await EnterAsync();
        var run = await LongRunAsync(ada);
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Stop…" }).ClickAsync();
        var dialog = ada.Page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Discard run, .*B$") })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await run.ExpectStatusAsync("Paused", Long);
        await Expect(ada.Page.GetByText($"Paused by {Visitor.Name}")).ToBeVisibleAsync();
        await run.ResumeAsync();
        await run.ExpectStatusAsync("Preparing|Evaluating|Generating|Scoring|Training|Saving", Long);

        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Stop…" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Discard run") }).ClickAsync();
        await Expect(ada.Page).ToHaveURLAsync(new Regex("/runs$"));
        for (var i = 0; i < 100 && (await RunsAsync(ada)).Any(row => (string?)row!["id"] == run.Id); i++)
            await Task.Delay(200);
        Assert.DoesNotContain(await RunsAsync(ada), row => (string?)row!["id"] == run.Id);
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task A_cure_of_a_failed_run_is_applied_with_a_click()
    {
        await using var ada = await EnterAsync();
        var run = await LongRunAsync(ada);
        foreach (var pid in Studio.Engines())
        {
            using var kill = Process.Start("kill", ["-KILL", pid.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        await run.ExpectStatusAsync("Failed", Long);
        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = "Not enough memory" })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        await ada.Page.GetByRole(AriaRole.Link, new() { Name = "Halve the micro-batch" }).ClickAsync();
        await Expect(ada.Page.Locator("aside", new() { HasText = "Difference to" })).ToContainTextAsync("4 → 2");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await StartButton(ada).ClickAsync();
        await Expect(ada.Page.GetByText("1 setting changed: micro_batch_size 4 → 2")).ToBeVisibleAsync();
        await EndAsync(ada, RunView.IdIn(ada.Page.Url));
        Assert.Empty(ada.Errors);
    }

    [Fact]
    public async Task A_run_of_adapters_ends_itself_at_the_gate_and_says_why()
    {
        await using var ada = await EnterAsync();
        var first = await FirstRunAsync(ada);
        // So small a learning rate moves nothing: what is left between the held-out answers is chance.
        await ada.OpenAsync($"/runs/new?from={first.Id}&change=lora.rank%3D4&change=early_stop%3Dgate&change=iterations%3D3&change=evaluation.examples%3D30&change=learning_rate%3D1e-12");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await ada.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Gated");
        await ada.ExpectKeptAsync("draft:new-run", "Gated");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await StartButton(ada).ClickAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = "Gated", Level = 1 })).ToBeVisibleAsync();
        var run = new RunView(ada, RunView.IdIn(ada.Page.Url));
        await run.ExpectCompletedAsync();

        await run.OpenAsync("iterations");
        var advice = ada.Page.Locator("section", new() { Has = ada.Page.GetByRole(AriaRole.Heading, new() { Name = "The run ended itself" }) }).Last;
        await Expect(advice).ToContainTextAsync("Keep the starting model");
        await Expect(advice).ToContainTextAsync(new Regex("answers? gained, [0-9]+ lost of n = 60"));
        await ada.AssertAccessibleAsync();
        await ada.OpenAsync("/runs");
        await Expect(ada.Page.Locator("[data-row]", new() { HasText = "Gated" })).ToContainTextAsync("Completed");
        Assert.Empty(ada.Errors);
    }

    private static ILocator StartButton(Visitor ada) => ada.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Start run|Start anyway|Queue run)$") });

    private async Task<Visitor> EnterAsync()
    {
        var ada = await browser.VisitAsync(Studio);
        await ada.Page.GotoAsync("/");
        if (ada.Page.Url.Contains("/account/setup", StringComparison.Ordinal))
            await ada.SetUpAsync();
        else
            await ada.LogInAsync();
        return ada;
    }

    /// <summary>The studio's own first run, finished.</summary>
    private static async Task<RunView> FirstRunAsync(Visitor ada)
    {
        var run = new RunView(ada, Named(await RunsAsync(ada), SampleRuns.TinyName));
        await run.OpenAsync();
        await run.ExpectCompletedAsync();
        return run;
    }

    /// <summary>A run that trains longer than any test takes.</summary>
    private static async Task<RunView> LongRunAsync(Visitor ada)
    {
        var first = await FirstRunAsync(ada);
        await ada.Page.GotoAsync($"/runs/new?from={first.Id}&change=epochs%3D500");
        await Expect(StartButton(ada)).ToBeEnabledAsync();
        await StartButton(ada).ClickAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Heading, new() { Name = $"{SampleRuns.TinyName} (copy)", Level = 1 })).ToBeVisibleAsync();
        var run = new RunView(ada, RunView.IdIn(ada.Page.Url));
        await run.ExpectStatusAsync("Training", Long);
        return run;
    }

    private static async Task<JsonArray> RunsAsync(Visitor ada) => JsonNode.Parse(Encoding.UTF8.GetString(await ada.FetchAsync("/api/v1/runs?take=200")))!["items"]!.AsArray();

    /// <summary>Id of the newest run whose name ends so.</summary>
    private static string Named(JsonArray runs, string end) => (string)runs.First(run => ((string)run!["name"]!).EndsWith(end, StringComparison.Ordinal))!["id"]!;

    private static async Task EndAsync(Visitor ada, string run)
    {
        var token = (string)JsonNode.Parse(Encoding.UTF8.GetString(await ada.FetchAsync("/api/v1/antiforgery")))!["token"]!;
        var stopped = await ada.Context.APIRequest.PostAsync($"/api/v1/runs/{run}/stop", new() { Headers = [new("X-CSRF-TOKEN", token)], DataObject = new { } });
        Assert.True(stopped.Ok || stopped.Status == 409, await stopped.TextAsync());
        for (var i = 0; i < 300; i++)
        {
            var status = (string?)JsonNode.Parse(Encoding.UTF8.GetString(await ada.FetchAsync($"/api/v1/runs/{run}")))!["summary"]!["status"];
            if (status is "stopped" or "completed" or "failed")
                return;
            await Task.Delay(200);
        }

        Assert.Fail($"run {run} did not stop");
    }
}
