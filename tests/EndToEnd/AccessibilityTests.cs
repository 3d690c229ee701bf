using Microsoft.Playwright;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class AccessibilityTests(Browser browser)
{
    private static readonly string[] Pages = ["/", "/datasets", "/datasets/new", "/models", "/compare", "/arena", "/arena/new", "/playground", "/judge", "/judge/new", "/runs", "/runs?group=status", "/activity", "/notifications", "/settings/webhooks", "/runs/new", "/runs/new?advanced=true", "/settings", "/team", "/team/audit", "/no-such-page"];

    private static readonly string[] Tabs = ["", "charts", "iterations", "samples", "evaluate", "logs", "config", "files", "discussion", "report", "trajectory"];

    [Fact]
    public async Task No_page_has_a_serious_violation_in_light_or_dark()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny);
        var violations = new List<string>();
        await using (var stranger = await browser.VisitAsync(studio))
        {
            await stranger.Page.GotoAsync("/account/setup");
            violations.AddRange(await stranger.ViolationsAsync());
            await stranger.SetUpAsync();
        }

        // Finished before both begin: a page at rest has no button that wakes up while it is looked at.
        await using (var ada = await browser.VisitAsync(studio))
        {
            await ada.LogInAsync();
            await (await RunView.FollowAsync(ada, SampleRuns.TinyName)).ExpectCompletedAsync();
        }

        foreach (var found in await Task.WhenAll(ViolationsAsync(studio, ColorScheme.Light), ViolationsAsync(studio, ColorScheme.Dark)))
            violations.AddRange(found);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    private async Task<IReadOnlyList<string>> ViolationsAsync(Studio studio, ColorScheme scheme)
    {
        var violations = new List<string>();
        var rules = scheme == ColorScheme.Light ? Rules.All : Rules.Colours; // in the dark only colours are others
        await using var ada = await browser.VisitAsync(studio, scheme);
        await ada.Page.GotoAsync("/account/login");
        violations.AddRange(await ada.ViolationsAsync(rules));
        await ada.LogInAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.TinyName);
        string[] more = [await FirstLinkAsync(ada, "/datasets"), await FirstLinkAsync(ada, "/models")];
        foreach (var address in Pages.Concat(more).Concat(Tabs.Select(tab => $"/runs/{run.Id}/{tab}".TrimEnd('/'))))
        {
            await ada.OpenAsync(address);
            await Assertions.Expect(ada.Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
            var found = await ada.ViolationsAsync(rules);
            // A button that woke up meanwhile has its colour by the second look.
            if (found.Count > 0)
                found = [.. (await ada.ViolationsAsync(rules)).Intersect(found)];
            violations.AddRange(found.Select(violation => $"{scheme} {violation}"));
        }

        return violations;
    }

    /// <summary>Address of the first entry of a list page.</summary>
    private static async Task<string> FirstLinkAsync(Visitor visitor, string list)
    {
        await visitor.Page.GotoAsync(list);
        var link = visitor.Page.Locator($"main a[href^='{list}/']:not([href*='/new'])").First;
        return await link.GetAttributeAsync("href") ?? throw new InvalidOperationException($"{list} links to nothing.");
    }
}
