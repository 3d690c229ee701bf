using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Runs.Planning;

namespace SpinStudio.Web.Tests;

/// <summary>What the check before launch finds, and what it reckons.</summary>
public sealed class PlanTests : IAsyncLifetime
{
    private static readonly RunConfig Config = new() { Model = "-", Dataset = "-" };

    private readonly StudioHost host = new();
    private Browser admin = null!;
    private Guid model;
    private Guid dataset;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
        (model, dataset) = await host.InputsAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_plan_tells_work_time_memory_and_the_text_that_the_model_reads()
    {
        var plan = await PlanAsync(new { name = "x", model = "", dataset = "", iterations = 3 });
        Assert.Equal(57, plan.GetProperty("train_examples").GetInt32());
        Assert.Equal(3, plan.GetProperty("held_out_examples").GetInt32());
        Assert.Equal((57 * 3) + (3 * 4), plan.GetProperty("answers").GetInt64());
        Assert.True(plan.GetProperty("tokens").GetDouble() > 1000);
        var time = plan.GetProperty("time");
        Assert.False(time.GetProperty("measured").GetBoolean());
        Assert.StartsWith("A guess", time.GetProperty("basis").GetString(), StringComparison.Ordinal);
        Assert.Equal(["evaluate", "generate", "score", "train", "save"], time.GetProperty("phases").EnumerateArray().Select(phase => phase.GetProperty("phase").GetString()));
        Assert.Contains("parameters", plan.GetProperty("memory").GetProperty("formula").GetString(), StringComparison.Ordinal);
        var example = plan.GetProperty("example");
        Assert.Contains("Prompt 0", example.GetProperty("prompt").GetString(), StringComparison.Ordinal);
        Assert.EndsWith(example.GetProperty("stop_token").GetString()!, example.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.InRange(example.GetProperty("bos_tokens").GetInt32(), 0, 1);
    }

    [Fact]
    public async Task Rates_of_earlier_runs_replace_the_guess()
    {
        await using (var db = host.Db())
        {
            var team = await db.Teams.FirstAsync();
            var run = new Run { TeamId = team.Id, Name = "earlier", Kind = "spin", Status = RunStatus.Completed, Config = "{}", Folder = "runs/x", ClientRequestId = "x", ModelId = model };
            db.Runs.Add(run);
            var start = DateTimeOffset.UtcNow.AddHours(-1);
            foreach (var (phase, units, rate) in ((string, long, double)[])[("evaluate", 10, 0), ("generate", 57, 100), ("score", 57, 1000), ("train", 10, 500), ("save", 1, 0)])
            {
                db.PhaseTimings.Add(new PhaseTiming { RunId = run.Id, Iteration = 0, Phase = phase, StartedAt = start, FinishedAt = start.AddSeconds(20), Units = units, TokensPerSecond = rate });
            }

            await db.SaveChangesAsync();
        }

        var time = (await PlanAsync(new { name = "x", model = "", dataset = "", iterations = 1 })).GetProperty("time");
        Assert.True(time.GetProperty("measured").GetBoolean());
        Assert.Contains("1 earlier run on this machine", time.GetProperty("basis").GetString(), StringComparison.Ordinal);
        // Two evaluations of three prompts, at two seconds a prompt.
        Assert.Equal(12, time.GetProperty("phases")[0].GetProperty("seconds").GetDouble(), 6);
        Assert.Equal(20, time.GetProperty("phases")[4].GetProperty("seconds").GetDouble(), 6);
    }

    [Fact]
    public async Task A_finished_run_leaves_the_times_of_its_phases_and_a_new_one_its_expected_time()
    {
        var id = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(id, "completed");
        await using var db = host.Db();
        Assert.Equal(["generate", "train"], await db.PhaseTimings.Where(timing => timing.RunId == id && timing.FinishedAt != null && !timing.Broken).Select(timing => timing.Phase).OrderBy(phase => phase).ToListAsync());
        Assert.True((await db.Runs.SingleAsync()).ExpectedSeconds > 0);
    }

    [Fact]
    public async Task A_model_whose_template_cannot_be_trained_on_is_refused()
    {
        await using (var db = host.Db())
        {
            var folder = Path.Combine(host.Data, (await db.Models.SingleAsync()).Folder);
            var settings = Path.Combine(folder, "tokenizer_config.json");
            var json = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(settings))!;
            json["chat_template"] = "{% for message in messages %}{{ message['content'] }}{% endfor %}{% if add_generation_prompt %}never again{% endif %}";
            await File.WriteAllTextAsync(settings, json.ToJsonString());
        }

        var finding = Finding(await PlanAsync(new { name = "x", model = "", dataset = "" }), "error", "model");
        Assert.Contains("add_generation_prompt", finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cut_prompts_and_answers_are_counted_by_the_model_s_tokenizer()
    {
        dataset = await DatasetAsync(Enumerable.Range(0, 100).Select(i => new Example($"Prompt {i}", i < 20 ? string.Join(' ', Enumerable.Repeat("long", 200)) : "short")));
        var plan = await PlanAsync(new { name = "x", model = "", dataset = "", max_length = 64, max_prompt_length = 32, generation = new { max_new_tokens = 16 } });
        Assert.Contains("20 of 100 answers are cut", Finding(plan, "warning", "max_length"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repeated_rows_and_held_out_prompts_that_are_trained_on_are_found()
    {
        dataset = await DatasetAsync(
            Enumerable.Range(0, 100).Select(i => new Example($"Prompt {i % 90}", $"Answer {i % 90}")), [new Example("prompt 5", "x"), new Example("something else", "y")]);
        var messages = Messages(await PlanAsync(new { name = "x", model = "", dataset = "" }));
        Assert.Contains(messages, message => message.Contains("10 of 100 rows repeat an earlier row exactly", StringComparison.Ordinal));
        Assert.Contains(messages, message => message.Contains("1 of 2 held-out prompts also occurs among the training prompts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Preference_tuning_asks_for_rejected_answers_and_counts_one_iteration_of_pairs()
    {
        dataset = await DatasetAsync(Enumerable.Range(0, 100).Select(i => new Example($"Prompt {i}", $"Answer {i}", Rejected: i < 97 ? "No" : null)), [new Example("held out", "x", Rejected: "y")]);
        Assert.Contains("3 have none", Finding(await PlanAsync(new { name = "x", model = "", dataset = "", kind = "dpo" }), "error", "kind"), StringComparison.Ordinal);

        dataset = await DatasetAsync(Enumerable.Range(0, 100).Select(i => new Example($"Prompt {i}", $"Answer {i}", Rejected: "No")), [new Example("held out", "x", Rejected: "y")]);
        var plan = await PlanAsync(new { name = "x", model = "", dataset = "", kind = "dpo", iterations = 3, epochs = 1, batch_size = 10, micro_batch_size = 10 });
        Assert.DoesNotContain(plan.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("severity").GetString() == "error");
        Assert.Equal([10], plan.GetProperty("steps_per_iteration").EnumerateArray().Select(steps => steps.GetInt32()));
        Assert.Equal(["evaluate", "score", "train", "save"], plan.GetProperty("time").GetProperty("phases").EnumerateArray().Select(phase => phase.GetProperty("phase").GetString()));
    }

    [Fact]
    public async Task A_built_in_template_is_the_text_that_the_plan_shows()
    {
        var example = (await PlanAsync(new { name = "x", model = "", dataset = "", chat_template = "instruction" })).GetProperty("example");
        Assert.StartsWith("### Instruction: Prompt 0", example.GetProperty("prompt").GetString(), StringComparison.Ordinal);
        Assert.Contains("lacks", Finding(await PlanAsync(new { name = "x", model = "", dataset = "", chat_template = "chatml" }), "error", "model"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_device_and_a_paused_queue_are_told()
    {
        var holder = await admin.StartAsync(host, "endless");
        await admin.WaitForStatusAsync(holder, "running");
        Assert.Contains(Messages(await PlanAsync(new { name = "x", model = "", dataset = "" })), message => message.Contains("busy with “endless”", StringComparison.Ordinal));
        await admin.PostAsync("/api/v1/queue/pause");
        var plan = await PlanAsync(new { name = "x", model = "", dataset = "" });
        Assert.Contains(Messages(plan), message => message.Contains("The queue is paused by ada", StringComparison.Ordinal));
    }

    [Fact]
    public void Too_little_disk_or_memory_is_an_error_and_little_is_a_warning()
    {
        var small = Checks() with { DiskBytes = 10, FreeDiskBytes = 100, MemoryBytes = 10, FreeMemoryBytes = 100, MemoryTotalBytes = 100 };
        Assert.DoesNotContain(small.Findings(), finding => finding.Message.Contains("needs about", StringComparison.Ordinal));
        AssertSeverity(Severity.Warning, "of the", small with { DiskBytes = 60 });
        AssertSeverity(Severity.Error, "of disk", small with { DiskBytes = 101 });
        AssertSeverity(Severity.Warning, "are free now", small with { MemoryBytes = 95 });
        AssertSeverity(Severity.Error, "this machine has", small with { MemoryBytes = 101 });
    }

    [Fact]
    public void A_batch_larger_than_the_data_few_examples_and_a_tiny_rate_for_a_small_model_are_told()
    {
        var findings = (Checks() with { Config = Config with { BatchSize = 64, Evaluation = new EvaluationConfig { Examples = 0 } } }).Findings();
        Assert.Contains(findings, finding => finding is { Severity: Severity.Warning, Field: "batch_size" });
        Assert.Contains(findings, finding => finding is { Severity: Severity.Warning, Field: "dataset" });
        Assert.Contains(findings, finding => finding is { Severity: Severity.Notice, Field: "learning_rate" });
        Assert.Contains(findings, finding => finding is { Severity: Severity.Notice, Field: "evaluation.examples" });
        Assert.Contains((Checks() with { Config = Config with { Iterations = 0 } }).Findings(), finding => finding is { Severity: Severity.Error, Field: "iterations" });
    }

    [Fact]
    public void Memory_grows_with_what_is_held_at_once()
    {
        var shape = SpinStudio.Engine.Models.ModelConfig.Load(Path.Combine(StudioPaths.FindContent(), "samples", "model", "config.json"));
        long Need(RunConfig config) => RunMemory.Of(config, shape.ParameterCount, shape, 100).Bytes;
        var before = Need(Config);
        Assert.True(Need(Config with { MicroBatchSize = 64 }) > before);
        Assert.True(Need(Config with { Generation = Config.Generation with { BatchSize = 4096 } }) > before);
        Assert.Equal(4 * shape.ParameterCount, Need(Config with { Optimizer = OptimizerKind.AdamW }) - before);
    }

    private static PlanChecks Checks()
    {
        var version = new DatasetVersion { Sha256 = "", Rows = 20, File = "x", Source = "x" };
        return new PlanChecks(Config, new Model { Name = "m", Folder = "x", Sha256 = "", Architecture = "x", Parameters = 1000 }, RunWork.Of(Config, version, null))
        {
            Fit = new TemplateFit(null, null, null, null), Repeats = null, WithoutRejected = 0, DiskBytes = 1, FreeDiskBytes = 100, MemoryBytes = 1, FreeMemoryBytes = 100, MemoryTotalBytes = 100,
            Device = new DeviceState(false, null, 0, null, null),
        };
    }

    private static void AssertSeverity(Severity severity, string words, PlanChecks checks) =>
        Assert.Equal(severity, Assert.Single(checks.Findings(), finding => finding.Message.Contains(words, StringComparison.Ordinal) && finding.Message.StartsWith("The run needs", StringComparison.Ordinal)).Severity);

    private async Task<Guid> DatasetAsync(IEnumerable<Example> rows, IEnumerable<Example>? heldOut = null)
    {
        await using var db = host.Db();
        var store = host.Services.GetRequiredService<DatasetStore>();
        var made = new Dataset { TeamId = (await db.Teams.FirstAsync()).Id, Name = $"made {Guid.NewGuid()}", CreatedAt = DateTimeOffset.UtcNow };
        var version = await store.AddAsync(rows, 1, "test", DateTimeOffset.UtcNow, default);
        if (heldOut is not null)
        {
            var other = await store.AddAsync(heldOut, 1, "test", DateTimeOffset.UtcNow, default);
            (version.HeldOutFile, version.HeldOutRows) = (other.File, other.Rows);
        }

        made.Versions.Add(version);
        db.Datasets.Add(made);
        await db.SaveChangesAsync();
        return made.Id;
    }

    private async Task<JsonElement> PlanAsync(object config)
    {
        var answer = await admin.PostAsync("/api/v1/runs/plan", new { config, model_id = model, dataset_id = dataset, client_request_id = "p" });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static List<string> Messages(JsonElement plan) => [.. plan.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("message").GetString()!)];

    private static string Finding(JsonElement plan, string severity, string field) => plan.GetProperty("findings").EnumerateArray()
        .First(finding => finding.GetProperty("severity").GetString() == severity && finding.TryGetProperty("field", out var named) && named.GetString() == field)
        .GetProperty("message").GetString()!;
}
