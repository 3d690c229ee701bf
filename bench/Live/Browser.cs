using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace SpinStudio.Bench.Live;

/// <param name="Between">Milliseconds from frame to frame.</param>
/// <param name="ToPixel">Milliseconds from the time in the journal's line to the frame after the one that drew it.</param>
/// <param name="LongTasks">Tasks of more than 50 ms on the page's thread.</param>
internal sealed record Frames(IReadOnlyList<double> Between, IReadOnlyList<double> ToPixel, int LongTasks);

/// <summary>Chromium, logged in.</summary>
internal sealed class Browser(IPlaywright playwright, IBrowser chromium, IBrowserContext context, IPage page) : IAsyncDisposable
{
    public static async Task<Browser> LaunchAsync(Uri address)
    {
        var playwright = await Playwright.CreateAsync();
        var chromium = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        });
        var context = await chromium.NewContextAsync(new BrowserNewContextOptions { BaseURL = address.ToString(), ViewportSize = new ViewportSize { Width = 1440, Height = 900 } });
        return new Browser(playwright, chromium, context, await context.NewPageAsync());
    }

    /// <summary>Creates the first account; returns the cookies of its session.</summary>
    public async Task<string> SetUpAsync()
    {
        await page.GotoAsync("/");
        await page.GetByLabel("Your name").FillAsync("Ada");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("three calm green boats");
        await page.GetByLabel("Password again").FillAsync("three calm green boats");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create account" }).ClickAsync();
        await page.WaitForURLAsync("**/");
        return string.Join("; ", (await context.CookiesAsync()).Select(cookie => $"{cookie.Name}={cookie.Value}"));
    }

    /// <summary>Opens the charts; milliseconds from navigation until all curves are drawn up to the last step, and until the page's circuit is up.</summary>
    public async Task<(double Drawn, double Interactive)> OpenAsync(Guid run, int steps)
    {
        await page.GotoAsync("about:blank");
        await page.GotoAsync($"/runs/{run}/charts", new() { WaitUntil = WaitUntilState.Commit });
        var times = await page.EvaluateAsync<JsonElement>("""
            last => new Promise(resolve => {
              const times = {};
              const look = () => {
                const charts = [...document.querySelectorAll('[data-chart]')];
                if (times.drawn === undefined && charts.length > 0 && charts.every(chart => Number(chart.dataset.drawn) >= last)) times.drawn = performance.now();
                if (times.interactive === undefined && document.querySelector('.run-head[data-interactive]')) times.interactive = performance.now();
                if (times.drawn !== undefined && times.interactive !== undefined) resolve(times); else requestAnimationFrame(look);
              };
              look();
            })
            """, steps - 1);
        return (times.GetProperty("drawn").GetDouble(), times.GetProperty("interactive").GetDouble());
    }

    /// <summary>Begins to note frames, long tasks, and when each step is drawn on the loss chart.</summary>
    public Task WatchAsync() => page.EvaluateAsync("""
        () => {
          const seen = window.seen = { between: [], drawn: [], long: 0 };
          new PerformanceObserver(list => seen.long += list.getEntries().length).observe({ type: 'longtask' });
          const chart = document.querySelector('[data-chart=loss]');
          let before = performance.now(), last = chart.dataset.drawn;
          const frame = now => {
            seen.between.push(now - before);
            before = now;
            if (chart.dataset.drawn !== last) {
              last = chart.dataset.drawn;
              seen.drawn.push([Number(last), Date.now()]);
            }
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        }
        """);

    public async Task<Frames> FramesAsync()
    {
        var seen = await page.EvaluateAsync<JsonElement>("""
            async () => {
              const id = location.pathname.split('/')[2];
              const from = window.seen.drawn[0]?.[0] ?? 0;
              const loaded = await (await fetch(`/api/v1/runs/${id}/metrics?name=loss&from=${from}`)).json();
              const at = new Map(loaded.series[0].step.map((step, i) => [step, loaded.series[0].at[i]]));
              return { between: window.seen.between, long: window.seen.long, pixel: window.seen.drawn.filter(([step]) => at.has(step)).map(([step, when]) => when - at.get(step)) };
            }
            """);
        static double[] Of(JsonElement list) => [.. list.EnumerateArray().Select(one => one.GetDouble())];
        return new Frames(Of(seen.GetProperty("between")), Of(seen.GetProperty("pixel")), int.Parse(seen.GetProperty("long").ToString(), CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        await chromium.DisposeAsync();
        playwright.Dispose();
    }
}
