using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace SpinStudio.Web.Tests;

/// <summary>Asking for runs as a browser does.</summary>
internal static class RunRequests
{
    public static object Named(string name, Guid model, Guid dataset, string? requestId = null) => new
    {
        config = new { name, model = "", dataset = "", iterations = 1 },
        model_id = model,
        dataset_id = dataset,
        client_request_id = requestId ?? Guid.NewGuid().ToString(),
    };

    /// <summary>Creates a run whose name is the stand-in engine's scenario.</summary>
    public static async Task<Guid> StartAsync(this Browser browser, StudioHost host, string scenario)
    {
        var (model, dataset) = await host.InputsAsync();
        var answer = await browser.PostAsync("/api/v1/runs", Named(scenario, model, dataset));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public static async Task<JsonElement> RunAsync(this Browser browser, Guid id) => await browser.GetJsonAsync($"/api/v1/runs/{id}");

    public static async Task<JsonElement> WaitForAsync(this Browser browser, Guid id, Func<JsonElement, bool> condition, double seconds = 40)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var summary = (await browser.RunAsync(id)).GetProperty("summary");
            if (condition(summary))
            {
                return summary;
            }

            Assert.True(watch.Elapsed.TotalSeconds < seconds, $"waited {seconds} s; the run is {summary}");
            await Task.Delay(50);
        }
    }

    public static Task<JsonElement> WaitForStatusAsync(this Browser browser, Guid id, string status) =>
        browser.WaitForAsync(id, summary => summary.GetProperty("status").GetString() == status);

    public static async Task<List<int>> StepsAsync(this Browser browser, Guid id)
    {
        var series = (await browser.GetJsonAsync($"/api/v1/runs/{id}/metrics?name=loss")).GetProperty("series");
        return series.GetArrayLength() == 0 ? [] : [.. series[0].GetProperty("step").EnumerateArray().Select(step => step.GetInt32())];
    }

    /// <summary>Throws an ended run away, row and all.</summary>
    public static async Task PurgeAsync(this Browser browser, Guid id)
    {
        (await browser.DeleteAsync($"/api/v1/runs/{id}")).EnsureSuccessStatusCode();
        var answer = await browser.PostAsync("/api/v1/runs/purge", new { ids = new[] { id }, count = 1, keep_history = false });
        Assert.Equal(1, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("purged").GetInt32());
    }

    /// <summary>The log of a failure is added just after its cause.</summary>
    public static async Task<JsonElement> WaitForFailureLogAsync(this Browser browser, Guid id)
    {
        for (var i = 0; ; i++)
        {
            var run = await browser.RunAsync(id);
            if (run.GetProperty("failure").GetProperty("log_tail").GetArrayLength() > 0 || i > 100)
            {
                return run;
            }

            await Task.Delay(50);
        }
    }
}
