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
        await ada.Context.AddInitScriptAsync(Watch);
        ada.Page.Dialog += (_, dialog) => wrong.Enqueue($"{ada.Page.Url}: dialog {dialog.Message}");
        ada.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(studio.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                wrong.Enqueue($"{ada.Page.Url}: asked for {request.Url}");
        };
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
        var shown = 0;
        foreach (var page in pages)
        {
            await ada.OpenAsync(page);
            await Expect(ada.Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
            shown += await LookAsync(ada);
        }

        Assert.True(shown > pages.Length / 2, $"the content was to be seen on {shown} pages only");
        await ada.Page.GotoAsync(HostileContent.SharedPath);
        Assert.Equal(1, await LookAsync(ada));
        foreach (var error in ada.Errors)
            wrong.Enqueue(error);
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
    }

    /// <returns>1 when the content stands on the page, as text.</returns>
    private async Task<int> LookAsync(Visitor visitor)
    {
        foreach (var found in await visitor.Page.EvaluateAsync<string[]>(Made))
            wrong.Enqueue($"{visitor.Page.Url}: {found}");
        return await visitor.Page.GetByText("<img src=x onerror").CountAsync() > 0 ? 1 : 0;
    }
}
