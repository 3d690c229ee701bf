using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>Runs from the request to their end, with a stand-in for the engine.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private readonly StudioHost host = new StudioHost().With("Studio:StopSeconds", "1");
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_finished_run_can_be_looked_at_and_downloaded()
    {
        var id = await admin.StartAsync(host, "quick =1+1");
        var summary = await admin.WaitForStatusAsync(id, "completed");
        Assert.Equal(1, summary.GetProperty("overall").GetDouble());
        Assert.Equal("ada", summary.GetProperty("created_by").GetString());
        Assert.Equal([0, 1, 2, 3, 4], await admin.StepsAsync(id));

        var detail = await admin.RunAsync(id);
        Assert.Equal(2, detail.GetProperty("iterations")[0].GetProperty("pairs").GetInt32());
        Assert.Equal(1, detail.GetProperty("iterations")[0].GetProperty("dropped").GetProperty("identical").GetInt32());
        Assert.Equal(0.1, detail.GetProperty("iterations")[0].GetProperty("beta").GetDouble());

        var evaluation = Assert.Single((await admin.GetJsonAsync($"/api/v1/runs/{id}/evaluations")).EnumerateArray());
        Assert.Equal(1.5, evaluation.GetProperty("nll").GetProperty("mean").GetDouble());

        var samples = await admin.GetJsonAsync($"/api/v1/runs/{id}/samples?split=train");
        Assert.Equal(2, samples.GetProperty("total").GetInt32());
        var first = samples.GetProperty("items")[0];
        Assert.Equal("Hello!", first.GetProperty("human").GetString());
        var answer = Assert.Single(first.GetProperty("answers").EnumerateArray());
        Assert.Equal("Hullo.", answer.GetProperty("text").GetString());
        Assert.Equal(-1, answer.GetProperty("model_iteration").GetInt32());
        Assert.Equal(3, answer.GetProperty("tokens").GetInt32());
        Assert.Equal(1, (await admin.GetJsonAsync($"/api/v1/runs/{id}/samples?split=train&search=bye")).GetProperty("total").GetInt32());

        var pairs = await admin.GetAsync($"/api/v1/runs/{id}/pairs?iteration=0");
        Assert.Equal("attachment", pairs.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal(2, (await pairs.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/runs/{id}/pairs?iteration=7")).StatusCode);

        var csv = await (await admin.GetAsync($"/api/v1/runs/{id}/metrics.csv")).Content.ReadAsStringAsync();
        var rows = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("run,iteration,step,global_step,metric,value,time", rows[0]);
        Assert.Equal(11, rows.Length);
        Assert.StartsWith("quick =1+1,0,0,0,loss,0.6931,", rows[1], StringComparison.Ordinal);

        var model = await admin.GetJsonAsync($"/api/v1/models/{detail.GetProperty("final_model_id").GetString()}");
        Assert.Equal("tiny model", model.GetProperty("parent_name").GetString());
        var zip = await admin.GetAsync($"/api/v1/models/{detail.GetProperty("final_model_id").GetString()}/download");
        Assert.Equal("attachment", zip.Content.Headers.ContentDisposition!.DispositionType);
        using var archive = new ZipArchive(await zip.Content.ReadAsStreamAsync());
        Assert.Equal(["quick-1-1-iteration-0/config.json", "quick-1-1-iteration-0/model.safetensors"], archive.Entries.Select(entry => entry.FullName));
        using var weights = new StreamReader(archive.Entries[1].Open());
        Assert.Equal("weights\n", await weights.ReadToEndAsync());

        // A run that trains adapters leaves one beside each model.
        var peft = $"/api/v1/models/{detail.GetProperty("final_model_id").GetString()}/download?format=peft";
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync(peft)).StatusCode);
        var beside = Directory.CreateDirectory(Path.Combine(host.Data, "runs", id.ToString("N"), "iteration-0", "adapter")).FullName;
        await File.WriteAllTextAsync(Path.Combine(beside, "adapter_config.json"), """{"peft_type":"LORA","r":4,"lora_alpha":8,"target_modules":["q_proj"]}""");
        await File.WriteAllTextAsync(Path.Combine(beside, "adapter_model.safetensors"), "numbers");
        using var adapter = new ZipArchive(await (await admin.GetAsync(peft)).Content.ReadAsStreamAsync());
        Assert.Equal(["quick-1-1-iteration-0-adapter/adapter_config.json", "quick-1-1-iteration-0-adapter/adapter_model.safetensors"], adapter.Entries.Select(entry => entry.FullName));

        var log = await (await admin.GetAsync($"/api/v1/runs/{id}/log")).Content.ReadAsStringAsync();
        Assert.Contains("OMP_WAIT_POLICY=PASSIVE, nice 10", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_request_twice_makes_one_run()
    {
        var (model, dataset) = await host.InputsAsync();
        var request = RunRequests.Named("quick", model, dataset, "form-1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => admin.PostAsync("/api/v1/runs", request)));
        var ids = await Task.WhenAll(answers.Select(async answer => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid()));
        Assert.Single(ids.Distinct());
        Assert.Equal(1, (await admin.GetJsonAsync("/api/v1/runs")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_stopped_run_keeps_its_curve_and_resumes_where_it_was()
    {
        var id = await admin.StartAsync(host, "gated");
        await admin.WaitForAsync(id, summary => summary.GetProperty("last_seq").GetInt64() > 9);
        await admin.PostAsync($"/api/v1/runs/{id}/stop");
        var stopped = await admin.WaitForStatusAsync(id, "stopped");
        Assert.Equal("ada", stopped.GetProperty("stopped_by").GetString());
        var before = await admin.StepsAsync(id);
        Assert.NotEmpty(before);

        (await admin.PostAsync($"/api/v1/runs/{id}/resume")).EnsureSuccessStatusCode();
        await admin.WaitForAsync(id, summary => summary.GetProperty("last_seq").GetInt64() > stopped.GetProperty("last_seq").GetInt64() + 5);
        await File.WriteAllTextAsync(Path.Combine(host.Data, "runs", id.ToString("N"), "open"), "");
        await admin.WaitForStatusAsync(id, "completed");
        var after = await admin.StepsAsync(id);
        Assert.True(after.Count > before.Count);
        Assert.Equal(Enumerable.Range(0, after.Count), after);
    }

    [Fact]
    public async Task An_engine_that_ignores_the_stop_is_killed_and_the_run_can_be_resumed()
    {
        var id = await admin.StartAsync(host, "stubborn");
        await admin.WaitForAsync(id, summary => summary.GetProperty("last_seq").GetInt64() > 5);
        await admin.PostAsync($"/api/v1/runs/{id}/stop");
        await admin.WaitForStatusAsync(id, "stopped");
    }

    [Fact]
    public async Task Runs_wait_for_the_slot_in_order_and_a_waiting_one_can_leave()
    {
        var first = await admin.StartAsync(host, "endless");
        await admin.WaitForStatusAsync(first, "running");
        var second = await admin.StartAsync(host, "quick a");
        var third = await admin.StartAsync(host, "quick b");
        Assert.Equal(1, (await admin.RunAsync(second)).GetProperty("summary").GetProperty("queue_position").GetInt32());
        Assert.Equal(2, (await admin.RunAsync(third)).GetProperty("summary").GetProperty("queue_position").GetInt32());

        await admin.PostAsync($"/api/v1/runs/{second}/stop");
        Assert.Equal("stopped", (await admin.RunAsync(second)).GetProperty("summary").GetProperty("status").GetString());
        Assert.Equal(1, (await admin.RunAsync(third)).GetProperty("summary").GetProperty("queue_position").GetInt32());

        await admin.PostAsync($"/api/v1/runs/{first}/stop");
        await admin.WaitForStatusAsync(third, "completed");
        Assert.Equal("stopped", (await admin.RunAsync(second)).GetProperty("summary").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_lost_engine_is_resumed_by_itself_and_no_point_is_missing_or_doubled()
    {
        var id = await admin.StartAsync(host, "crash-once");
        await admin.WaitForStatusAsync(id, "completed");
        Assert.Equal([0, 1, 2, 3, 4], await admin.StepsAsync(id));
    }

    [Theory]
    [InlineData("crash", "out_of_memory", "SIGKILL", "micro_batch_size")]
    [InlineData("segfault", "engine_lost", "SIGSEGV", "log")]
    public async Task An_engine_that_dies_again_and_again_fails_the_run_and_says_how(string scenario, string cause, string signal, string fix)
    {
        var id = await admin.StartAsync(host, scenario);
        await admin.WaitForStatusAsync(id, "failed");
        var failure = (await admin.RunAsync(id)).GetProperty("failure");
        Assert.Equal(cause, failure.GetProperty("cause").GetString());
        Assert.Contains(signal, failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(fix, failure.GetProperty("fixes")[0].GetString(), StringComparison.Ordinal);
        // Started once and resumed three times.
        Assert.Equal(4, failure.GetProperty("log_tail").EnumerateArray().Count(line => line.GetString()!.StartsWith("engine of", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_failure_is_told_in_the_engine_s_own_words()
    {
        var id = await admin.StartAsync(host, "fails");
        await admin.WaitForStatusAsync(id, "failed");
        var failure = (await admin.WaitForFailureLogAsync(id)).GetProperty("failure");
        Assert.Equal("not_finite", failure.GetProperty("cause").GetString());
        Assert.Equal(["Lower the learning rate.", "Use fp32."], failure.GetProperty("fixes").EnumerateArray().Select(fix => fix.GetString()));
    }

    [Fact]
    public async Task Refused_input_fails_the_run_at_once_with_the_engine_s_last_line()
    {
        var id = await admin.StartAsync(host, "refuses");
        await admin.WaitForStatusAsync(id, "failed");
        var failure = (await admin.RunAsync(id)).GetProperty("failure");
        Assert.Equal("bad_input", failure.GetProperty("cause").GetString());
        Assert.Equal("dataset: row 17 has no response", failure.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_bad_setting_is_refused_with_value_limit_and_fix()
    {
        var (model, dataset) = await host.InputsAsync();
        var answer = await admin.PostAsync("/api/v1/runs", new
        {
            config = new { name = "bad", model = "", dataset = "", learning_rate = new[] { 2.0 } }, model_id = model, dataset_id = dataset, client_request_id = "x",
        });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains("learning_rate must be > 0 and < 1 (got 2)", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await using var db = host.Db();
        Assert.False(await db.Runs.AnyAsync());
    }

    [Theory]
    [InlineData("quick; touch pwned")]
    [InlineData("quick $(touch pwned)")]
    [InlineData("quick --resume ../../..")]
    public async Task A_run_s_name_is_never_a_command_or_a_path(string name)
    {
        var id = await admin.StartAsync(host, name);
        await admin.WaitForStatusAsync(id, "completed");
        Assert.Empty(Directory.EnumerateFiles(host.Data, "pwned*", SearchOption.AllDirectories));
        Assert.True(Directory.Exists(Path.Combine(host.Data, "runs", id.ToString("N"))));
    }

    [Fact]
    public async Task Engines_end_with_their_studio()
    {
        var id = await admin.StartAsync(host, "endless");
        await admin.WaitForAsync(id, summary => summary.GetProperty("last_seq").GetInt64() > 6);
        await using var db = host.Db();
        var pid = (await db.Runs.FirstAsync(run => run.Id == id)).EnginePid!.Value;
        await host.StopAsync();
        Assert.False(IsRunning(pid));
        await host.InitializeAsync();
        var again = await host.AdminAsync();
        await again.WaitForStatusAsync(id, "running");
        await again.PostAsync($"/api/v1/runs/{id}/stop");
        await again.WaitForStatusAsync(id, "stopped");
        var steps = await again.StepsAsync(id);
        Assert.Equal(Enumerable.Range(0, steps.Count), steps);
    }

    private static bool IsRunning(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
