using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>A run's page, as a visitor has it open.</summary>
internal sealed partial class RunView(Visitor visitor, string id)
{
    /// <summary>These runs take half a minute at most; the rest is for a busy machine.</summary>
    private const float FinishLimit = 600_000;

    public string Id => id;

    private IPage Page => visitor.Page;

    private ILocator Status => Page.Locator(".run-head .pill");

    /// <summary>Follows the link to a run from the present page. Its address is taken instead of a click: while the run moves on, the link may move too.</summary>
    public static async Task<RunView> FollowAsync(Visitor visitor, string name)
    {
        var address = await visitor.Page.GetByRole(AriaRole.Link, new() { Name = name }).First.GetAttributeAsync("href");
        await visitor.OpenAsync(address!);
        await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = name, Level = 1 })).ToBeVisibleAsync();
        return new RunView(visitor, IdIn(visitor.Page.Url));
    }

    public static string IdIn(string url) => RunAddress().Match(url) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"{url} is no run's address.");

    /// <summary>Opens a tab and waits until its buttons do something.</summary>
    public Task OpenAsync(string tab = "") => visitor.OpenAsync($"/runs/{id}/{tab}".TrimEnd('/'));

    public Task ExpectStatusAsync(string pattern, float limit = FinishLimit) => Expect(Status).ToHaveTextAsync(new Regex($"^({pattern})$"), new() { Timeout = limit });

    public Task ExpectCompletedAsync() => ExpectStatusAsync("Completed");

    /// <summary>The figure under a heading of the overview.</summary>
    public ILocator Figure(string name) => Page.Locator(".stats > div", new() { Has = Page.Locator("dt", new() { HasText = name }) }).Locator("dd");

    /// <summary>Waits until a chart has drawn so many points, by what it tells screen readers; returns how many it has.</summary>
    public async Task<int> ExpectCurveAsync(string chart, int points)
    {
        var until = DateTimeOffset.UtcNow.AddMilliseconds(FinishLimit);
        while (true)
        {
            var label = await Page.Locator($"[data-chart='{chart}'] [role=img]").GetAttributeAsync("aria-label") ?? "";
            var drawn = DrawnPoints().Match(label) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
            if (drawn >= points)
                return drawn;
            Assert.True(DateTimeOffset.UtcNow < until, $"{chart} has {drawn} of {points} points: {label}");
            await Task.Delay(250);
        }
    }

    public async Task StopAsync()
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Stop…" }).ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Stop and save" }).ClickAsync();
        await ExpectStatusAsync("Stopped", 180_000);
    }

    public Task ResumeAsync() => Page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();

    /// <summary>Every point of a metric, from the download.</summary>
    public async Task<List<(int Iteration, int Step, double Value)>> PointsAsync(string metric)
    {
        var csv = Encoding.UTF8.GetString(await visitor.FetchAsync($"/api/v1/runs/{id}/metrics.csv"));
        return [.. csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(','))
            .Where(cells => cells[^3] == metric) // from the end: the run's name, in front, may hold commas
            .Select(cells => (int.Parse(cells[^6], CultureInfo.InvariantCulture), int.Parse(cells[^5], CultureInfo.InvariantCulture), double.Parse(cells[^2], CultureInfo.InvariantCulture)))];
    }

    /// <summary>Waits until so many optimizer steps have reached the database.</summary>
    public async Task ExpectStepsAsync(int steps)
    {
        var until = DateTimeOffset.UtcNow.AddMilliseconds(FinishLimit);
        while ((await PointsAsync("loss")).Count is var count && count < steps)
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"only {count} of {steps} steps");
            await Task.Delay(200);
        }
    }

    /// <summary>Waits until an iteration has trained some steps.</summary>
    public async Task ExpectIterationAsync(int iteration, int steps = 5)
    {
        var until = DateTimeOffset.UtcNow.AddMilliseconds(FinishLimit);
        while ((await PointsAsync("loss")).Count(point => point.Iteration == iteration) < steps)
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"iteration {iteration} did not train");
            await Task.Delay(200);
        }
    }

    /// <summary>Asserts that every iteration has its steps from 0 on, each once: no point of a curve is missing or doubled.</summary>
    public async Task AssertCurveIsWholeAsync(int iterations)
    {
        var byIteration = (await PointsAsync("loss")).GroupBy(point => point.Iteration).ToList();
        Assert.Equal(Enumerable.Range(0, iterations), byIteration.Select(group => group.Key).Order());
        Assert.All(byIteration, group => Assert.Equal(Enumerable.Range(0, group.Count()), group.Select(point => point.Step).Order()));
    }

    [GeneratedRegex(@"over (\d+) points")]
    private static partial Regex DrawnPoints();

    [GeneratedRegex("/runs/([0-9a-f-]{36})")]
    private static partial Regex RunAddress();
}
