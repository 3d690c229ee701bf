using System.Globalization;
using System.Net;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Evaluations;

namespace SpinStudio.Web.Tests;

/// <summary>Runs side by side, and on one sheet.</summary>
public sealed class ComparisonTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Settings_metrics_and_held_out_figures_stand_side_by_side()
    {
        var a = await MeasuredAsync("a", 0.1, [0.7, 0.5, 0.6], [false, false, false, false, true, false, false, false]);
        var b = await MeasuredAsync("b", 0.5, [0.7, 0.3, 0.4], [true, true, true, true, true, true, true, true]);
        var comparison = await admin.GetJsonAsync($"/api/v1/runs/compare?ids={a},{b}&step=1");
        Assert.Equal(a, comparison.GetProperty("baseline").GetGuid());
        Assert.Equal(["a", "b"], comparison.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("name").GetString()));

        var settings = comparison.GetProperty("settings").EnumerateArray().ToDictionary(setting => setting.GetProperty("key").GetString()!);
        Assert.Equal(["0.1", "0.5"], settings["beta"].GetProperty("values").EnumerateArray().Select(value => value.GetString()));
        Assert.True(settings["beta"].GetProperty("differs").GetBoolean());
        Assert.False(settings["seed"].GetProperty("differs").GetBoolean());
        Assert.Equal("0.9", settings["generation.temperature"].GetProperty("values")[0].GetString());

        var loss = Assert.Single(comparison.GetProperty("metrics").EnumerateArray()).GetProperty("values");
        Assert.Equal((0.6, 0.5, 0.7, 0.5), Range(loss[0]));
        Assert.Equal((0.4, 0.3, 0.7, 0.3), Range(loss[1]));

        // The same prompts: paired, and seven of eight changed for the better.
        var exact = comparison.GetProperty("measures").EnumerateArray().First(measure => measure.GetProperty("key").GetString() == "exact").GetProperty("values");
        Assert.False(exact[0].TryGetProperty("against", out _));
        var against = exact[1].GetProperty("against");
        Assert.True(against.GetProperty("paired").GetBoolean());
        Assert.Equal(0.875, against.GetProperty("mean").GetDouble());
        Assert.True(against.GetProperty("distinguishable").GetBoolean());
        var nll = comparison.GetProperty("measures").EnumerateArray().First(measure => measure.GetProperty("key").GetString() == "nll").GetProperty("values")[1].GetProperty("against");
        Assert.False(nll.GetProperty("paired").GetBoolean());
        Assert.False(nll.GetProperty("distinguishable").GetBoolean());

        // Turned round, the sign turns.
        var turned = await admin.GetJsonAsync($"/api/v1/runs/compare?ids={a},{b}&base={b}");
        Assert.Equal(-0.875, turned.GetProperty("measures").EnumerateArray().First().GetProperty("values")[0].GetProperty("against").GetProperty("mean").GetDouble());

        var csv = await (await admin.GetAsync($"/api/v1/runs/compare/runs.csv?ids={a},{b}")).Content.ReadAsStringAsync();
        Assert.StartsWith("part,key,a,b\n", csv, StringComparison.Ordinal);
        Assert.Contains("\nsetting,beta,0.1,0.5\n", csv, StringComparison.Ordinal);
        Assert.Contains("\nheld-out,held-out exact against baseline,,0.875\n", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Different_prompts_are_not_paired()
    {
        var a = await MeasuredAsync("a", 0.1, [0.7], [false, true]);
        var b = await MeasuredAsync("b", 0.1, [0.7], [true, true], firstPrompt: 100);
        var comparison = await admin.GetJsonAsync($"/api/v1/runs/compare?ids={a},{b}");
        Assert.False(comparison.GetProperty("measures")[0].GetProperty("values")[1].GetProperty("against").GetProperty("paired").GetBoolean());
    }

    [Theory]
    [InlineData("")]
    [InlineData("not-an-id")]
    [InlineData("00000000-0000-0000-0000-000000000001")]
    public async Task Fewer_than_two_runs_are_refused(string ids) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"/api/v1/runs/compare?ids={ids}")).StatusCode);

    [Fact]
    public async Task Too_many_runs_a_foreign_run_and_a_foreign_baseline_are_refused()
    {
        var own = (await host.AddRunAsync("own")).Id;
        var foreign = (await host.AddRunAsync("secret", team: await host.OtherTeamAsync())).Id;
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/compare?ids={own},{foreign}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/compare/runs.csv?ids={own},{foreign}")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"/api/v1/runs/compare?ids={own},{Guid.NewGuid()}&base={foreign}")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"/api/v1/runs/compare?ids={string.Join(',', Enumerable.Range(0, 9).Select(_ => Guid.NewGuid()))}")).StatusCode);
    }

    [Fact]
    public async Task The_report_is_one_file_without_scripts_and_with_all_that_the_team_may_see()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        var answer = await admin.GetAsync($"/api/v1/runs/{id}/report.html");
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        var html = await answer.Content.ReadAsStringAsync();
        foreach (var part in new[] { "<style>", "@page { size: A4", "Held-out figures", "<svg class=\"curves\"", "Sample answers", "Say yes.", "Lineage", "learning_rate", "Started by" })
        {
            Assert.Contains(part, html, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_difference_over_the_same_prompts_is_narrower_than_one_over_different_ones()
    {
        var pairs = Enumerable.Range(0, 100).Select(i => (First: i < 50 ? 1.0 : 0, Second: i < 60 ? 1.0 : 0)).ToList();
        var paired = Difference.OfPairs(pairs)!;
        var unpaired = Difference.Of(Intervals.Rate(50, 100), Intervals.Rate(60, 100));
        Assert.Equal(0.1, paired.Mean, 12);
        Assert.Equal(0.1, unpaired.Mean, 12);
        Assert.True(paired.Distinguishable);
        Assert.False(unpaired.Distinguishable);
        // Newcombe (1998), method 10 for 56/70 and 48/80.
        var newcombe = Difference.Of(Intervals.Rate(48, 80), Intervals.Rate(56, 70));
        Assert.Equal((0.0524, 0.3339), (Math.Round(newcombe.Low, 4), Math.Round(newcombe.High, 4)));
        // Agresti and Min (2005): (c − b)/(n + 2) ± z·√((b* + c* − (c − b)²/(n + 2))/(n + 2)²), with half a pair added to each outcome.
        var half = 1.959963984540054 * Math.Sqrt(((10 + 1) - (10 * 10 / 102.0)) / 102 / 102);
        Assert.Equal((10 / 102.0) - half, paired.Low, 12);
        Assert.Equal((10 / 102.0) + half, paired.High, 12);
    }

    [Fact]
    public void Few_prompts_that_all_agree_are_not_certainty()
    {
        var three = Difference.OfPairs([(0, 1), (0, 1), (0, 1)])!;
        Assert.True(three.High - three.Low > 0.3);
        Assert.False(Difference.OfPairs([(0, 0), (0, 0)])!.Distinguishable);
        Assert.Null(Difference.OfPairs([]));
    }

    private async Task<Guid> MeasuredAsync(string name, double beta, double[] loss, bool[] exact, int firstPrompt = 0)
    {
        var run = await host.AddRunAsync(name, run => run.Config = string.Create(CultureInfo.InvariantCulture, $$"""{ "name": "{{name}}", "model": "{{name}}/m", "dataset": "d", "beta": [{{beta}}], "seed": 1, "generation": { "temperature": 0.9 } }"""));
        await using var db = host.Db();
        for (var step = 0; step < loss.Length; step++)
        {
            db.MetricPoints.Add(new MetricPoint { RunId = run.Id, Name = "loss", Step = step, GlobalStep = step, Value = loss[step], Seq = step, At = DateTimeOffset.UtcNow });
        }

        var report = new EvaluationReport { Iteration = 0, Examples = exact.Length, Exact = Intervals.Rate(exact.Count(passed => passed), exact.Length), Nll = new Estimate(1.5, 1.4, 1.6, exact.Length), MeanLength = 3, TruncatedShare = 0 };
        db.Evaluations.Add(new Evaluation { RunId = run.Id, Iteration = 0, Report = JsonSerializer.Serialize(report, RunJson.Line), At = DateTimeOffset.UtcNow });
        db.Samples.AddRange(exact.Select((passed, i) => new Sample
        {
            RunId = run.Id, Iteration = 0, Split = "held_out", PromptId = (firstPrompt + i).ToString("x16", CultureInfo.InvariantCulture), Prompt = "p", Real = "r", Generated = "g", FinishReason = "stop", Exact = passed,
        }));
        await db.SaveChangesAsync();
        return run.Id;
    }

    private static (double, double, double, double) Range(JsonElement value) =>
        (value.GetProperty("last").GetDouble(), value.GetProperty("min").GetDouble(), value.GetProperty("max").GetDouble(), value.GetProperty("at_step").GetDouble());
}
