using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Whatever people, models and other servers write is text: on every page that shows it nothing of it runs, loads or becomes an element.</summary>
[Collection(BrowserCollection.Name)]
public sealed class HostileContentTests(Browser browser)
{
    /// <summary>Runs before anything of a page: what is hit, and what the policy had to stop.</summary>
    private const string Watch = """
        window.hits = [];
        window.hit = number => hits.push(`script ${number} ran`);
        document.addEventListener("securitypolicyviolation", event => hits.push(`${event.violatedDirective} stopped ${event.blockedURI} ${event.sample}`));
        """;

    /// <summary>Elements that only the content could have made.</summary>
    private const string Made = """
        () => [...hits, ...[...document.querySelectorAll('img[src="x"], [onerror], [onload], iframe, math, base[href*="evil"], [href^="javascript:" i], [src*="evil.example"], body style')].map(made => `made ${made.outerHTML.slice(0, 120)}`)]
        """;

    private readonly ConcurrentQueue<string> wrong = [];

    [Fact]
    public async Task Nothing_that_was_written_does_anything()
    {
        await using var studio = await Studio.StartAsync();
        await using var ada = await browser.VisitAsync(studio);
        await WatchAsync(studio, ada);
        await ada.SetUpAsync();
        var content = new HostileContent(studio, ada);
        await content.PutAsync();

        var (run, failed, dataset, model) = (content.Run, content.Failed, content.Dataset, content.Model);
        string[] pages =
        [
            "/", "/datasets", $"/datasets/{dataset}", $"/datasets/{dataset}/statistics", $"/datasets/{dataset}/versions", "/models", $"/models/{model}", "/playground", "/runs", $"/runs/compare?ids={run},{failed}",
            "/activity", $"/arena/{content.Arena}", $"/arena/{content.Arena}/vote", $"/arena/{content.Arena}/raters", "/judge", $"/judge/{content.Judging}", "/team", "/team/audit",
            $"/compare?s=human&s={run}:0&s={run}:1", $"/runs/{run}/trajectory", "/notifications", "/settings", "/settings/webhooks", $"/runs/new?from={run}", $"/runs/{failed}", $"/runs/{run}/report",
            .. new[] { "", "charts", "iterations", "samples", "logs", "config", "files", "discussion" }.Select(tab => $"/runs/{run}/{tab}".TrimEnd('/')),
        ];
        await using var adaToo = await browser.VisitAsync(studio);
        await WatchAsync(studio, adaToo);
        await adaToo.LogInAsync();
        var half = pages.Length / 2;
        var shown = (await Task.WhenAll(LookAsync(ada, pages[..half]), LookAsync(adaToo, pages[half..]))).Sum();
        Assert.True(shown > half, $"the content was to be seen on {shown} pages only");
        foreach (var door in await content.DoorsAsync())
        {
            await ada.Page.GotoAsync(door);
            Assert.True(await LookAsync(ada) == 1, $"the content was not to be seen on {door}");
        }

        foreach (var error in ada.Errors.Concat(adaToo.Errors))
            wrong.Enqueue(error);
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
    }

    private async Task WatchAsync(Studio studio, Visitor visitor)
    {
        await visitor.Context.AddInitScriptAsync(Watch);
        visitor.Page.Dialog += (_, dialog) => wrong.Enqueue($"{visitor.Page.Url}: dialog {dialog.Message}");
        visitor.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(studio.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                wrong.Enqueue($"{visitor.Page.Url}: asked for {request.Url}");
        };
    }

    /// <returns>On how many of the pages the content stands, as text.</returns>
    private async Task<int> LookAsync(Visitor visitor, IEnumerable<string> pages)
    {
        var shown = 0;
        foreach (var page in pages)
        {
            await visitor.OpenAsync(page);
            await Expect(visitor.Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
            shown += await LookAsync(visitor);
        }

        return shown;
    }

    /// <returns>1 when the content stands on the page, as text.</returns>
    private async Task<int> LookAsync(Visitor visitor)
    {
        foreach (var found in await visitor.Page.EvaluateAsync<string[]>(Made))
            wrong.Enqueue($"{visitor.Page.Url}: {found}");
        return await visitor.Page.GetByText("<img src=x onerror").CountAsync() > 0 ? 1 : 0;
    }
}
