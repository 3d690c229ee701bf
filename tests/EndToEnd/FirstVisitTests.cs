using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class FirstVisitTests(Browser browser)
{
    [Fact]
    public async Task A_newcomer_watches_the_sample_run_to_its_end_and_takes_the_model_away()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny);
        await using var ada = await browser.VisitAsync(studio);

        await ada.SetUpAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Link, new() { Name = "Sample tasks" })).ToBeVisibleAsync();
        await Expect(ada.Page.GetByRole(AriaRole.Link, new() { Name = "Sample model" })).ToBeVisibleAsync();
        var run = await RunView.FollowAsync(ada, SampleRuns.TinyName);

        // Without a reload: figures and answers appear, and the end.
        await Expect(ada.Page.Locator(".pairs .pair").First).ToBeVisibleAsync(new() { Timeout = 300_000 });
        await run.ExpectCompletedAsync();
        await Expect(run.Figure("Loss")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^\d"));

        // The model starts each iteration as its own opponent.
        Assert.Equal(Math.Log(2), (await run.PointsAsync("loss"))[0].Value, 1e-4);
        await run.AssertCurveIsWholeAsync(iterations: 2);

        await run.OpenAsync("samples");
        var prompt = ada.Page.Locator("article, .card").Filter(new() { HasText = "Human" }).First;
        await Expect(prompt).ToContainTextAsync("Iteration 0");
        await Expect(prompt).ToContainTextAsync("Iteration 1");

        await run.OpenAsync("evaluate");
        await Expect(ada.Page.GetByRole(AriaRole.Table).First).ToContainTextAsync("Starting model");

        await run.OpenAsync("files");
        AssertIsModel(await ada.FetchAsync(await Address(ada, "Model (Hugging Face folder, zip)")));
        AssertArePairs(await ada.FetchAsync(await Address(ada, "Pairs of iteration 0 (JSON Lines)")));
        Assert.StartsWith("run,iteration,step", Encoding.UTF8.GetString(await ada.FetchAsync(await Address(ada, "Metrics (CSV)"))), StringComparison.Ordinal);
        Assert.Empty(ada.Errors);
    }

    private static async Task<string> Address(Visitor visitor, string link) =>
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = link }).GetAttributeAsync("href") ?? throw new InvalidOperationException($"'{link}' leads nowhere.");

    private static void AssertIsModel(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        var names = archive.Entries.Select(entry => entry.Name).ToList();
        foreach (var name in new[] { "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json" })
            Assert.Contains(name, names);
    }

    private static void AssertArePairs(byte[] lines)
    {
        var pairs = Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(24, pairs.Count);
        Assert.All(pairs, pair => Assert.NotNull(pair["generated"]));
    }
}
