using System.Text.Json.Nodes;

namespace SpinStudio.Cli.Tests;

/// <summary>generate and evaluate.</summary>
public sealed class ModelCommandTests(SampleWorkshop workshop) : IClassFixture<SampleWorkshop>
{
    [Fact]
    public async Task Every_prompt_is_answered_in_order_with_its_provenance()
    {
        (await Generate("held-out.jsonl", "answers.jsonl")).Success();

        var answers = Answers("answers.jsonl");
        var prompts = File.ReadAllLines(workshop["held-out.jsonl"]).Select(line => (string)JsonNode.Parse(line)!["prompt"]!);
        Assert.Equal(prompts, answers.Select(answer => (string)answer["prompt"]!));
        Assert.All(answers, answer =>
        {
            Assert.Matches("^(stop|length)$", (string)answer["finish_reason"]!);
            Assert.InRange(answer["generated_ids"]!.AsArray().Count, 1, 12);
            Assert.Matches("^[0-9a-f]{64}$", (string)answer["decoding"]!["model_sha256"]!);
            Assert.Equal(7, (int)answer["decoding"]!["seed"]!);
        });
    }

    [Fact]
    public async Task The_same_seed_draws_the_same_answers_and_another_one_others()
    {
        (await Generate("held-out.jsonl", "once.jsonl")).Success();
        (await Generate("held-out.jsonl", "twice.jsonl")).Success();
        (await Generate("held-out.jsonl", "other.jsonl", seed: 8)).Success();

        Assert.Equal(File.ReadAllBytes(workshop["once.jsonl"]), File.ReadAllBytes(workshop["twice.jsonl"]));
        Assert.NotEqual(Texts("once.jsonl"), Texts("other.jsonl"));
    }

    [Fact]
    public async Task A_text_file_holds_a_prompt_a_line()
    {
        workshop.Write("prompts.txt", "Write a story about a fox.\n\nSort: b a.\n");

        (await Generate("prompts.txt", "from-text.jsonl")).Success();

        Assert.Equal(["Write a story about a fox.", "Sort: b a."], Answers("from-text.jsonl").Select(answer => (string)answer["prompt"]!));
    }

    [Fact]
    public async Task Bad_prompts_are_refused_by_row()
    {
        workshop.Write("bad.jsonl", "{\"prompt\":\"fine\"}\n{\"promt\":\"typo\"}\n");

        var line = (await Generate("bad.jsonl", "never.jsonl")).Refusal();

        Assert.Contains("row 2", line, StringComparison.Ordinal);
        Assert.False(File.Exists(workshop["never.jsonl"]));
    }

    [Theory]
    [InlineData("--temperature", "-1", "temperature")]
    [InlineData("--top-p", "1.5", "top_p")]
    [InlineData("--batch-size", "0", "batch_size")]
    [InlineData("--dtype", "int4", "--dtype")]
    public async Task Settings_out_of_range_are_refused_by_name(string option, string value, string named) =>
        Assert.Contains(named, (await Generate("held-out.jsonl", "never.jsonl", more: [option, value])).Refusal(), StringComparison.Ordinal);

    [Fact]
    public async Task More_new_tokens_than_positions_are_refused_with_the_limit() =>
        Assert.Contains("512", (await Generate("held-out.jsonl", "never.jsonl", newTokens: 512)).Refusal(), StringComparison.Ordinal);

    [Fact]
    public async Task An_evaluation_reports_checks_and_likelihood()
    {
        var report = JsonNode.Parse((await Evaluate("--json")).Success())!;
        var text = (await Evaluate()).Success();

        Assert.Equal(6, (int)report["examples"]!);
        Assert.Equal(6, (int)report["exact"]!["count"]!);
        // ln 1280 = 7.2 would be a blind guess; an untaught model is worse.
        Assert.InRange((double)report["nll"]!["mean"]!, 7, 20);
        Assert.Matches(@"nats a token +\d", text);
    }

    [Fact]
    public async Task A_missing_dataset_is_refused() => Assert.Contains(
        "gone.jsonl", (await Spinstudio.Run("evaluate", "--model", workshop.Model, "--dataset", workshop["gone.jsonl"])).Refusal(), StringComparison.Ordinal);

    private Task<Spinstudio.Outcome> Generate(string prompts, string output, int seed = 7, int newTokens = 12, params string[] more) => Spinstudio.Run(
        ["generate", "--model", workshop.Model, "--prompts", workshop[prompts], "--out", workshop[output], "--max-new-tokens", $"{newTokens}", "--seed", $"{seed}", .. more]);

    private Task<Spinstudio.Outcome> Evaluate(params string[] more) =>
        Spinstudio.Run(["evaluate", "--model", workshop.Model, "--dataset", workshop["held-out.jsonl"], "--dtype", "fp32", "--max-new-tokens", "12", .. more]);

    private List<JsonNode> Answers(string name) => [.. File.ReadAllLines(workshop[name]).Select(line => JsonNode.Parse(line)!)];

    private List<string> Texts(string name) => [.. Answers(name).Select(answer => (string)answer["generated"]!)];
}
