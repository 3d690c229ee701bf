using SpinStudio.Engine.Runs;
using Xunit;

namespace SpinStudio.Engine.Tests.Runs;

public sealed class RunConfigFileTests
{
    private const string Least = "\"model\": \"m\", \"dataset\": \"d.jsonl\"";

    [Fact]
    public void Paths_become_absolute_from_the_folder_of_the_file()
    {
        var config = RunConfigFile.Parse("{\"model\": \"../m\", \"dataset\": \"d.jsonl\", \"held_out\": \"/abs/h.jsonl\"}", "/base/dir");
        Assert.Equal("/base/m", config.Model);
        Assert.Equal("/base/dir/d.jsonl", config.Dataset);
        Assert.Equal("/abs/h.jsonl", config.HeldOut);
    }

    [Fact]
    public void A_number_stands_for_a_list_of_one()
    {
        var config = Parse("\"beta\": 0.3, \"learning_rate\": [1e-4, 2e-5]");
        Assert.Equal([0.3], config.Beta);
        Assert.Equal([1e-4, 2e-5], config.LearningRate);
    }

    [Fact]
    public void The_files_own_keys_win_over_the_preset()
    {
        var config = Parse("\"preset\": \"paper\", \"iterations\": 2, \"generation\": {\"max_new_tokens\": 64}");
        Assert.Equal([0.1, 0.1, 0.1, 5.0], config.Beta);
        Assert.Equal(6, config.ScheduleEpochs);
        Assert.Equal(2, config.Iterations);
        Assert.Equal(64, config.Generation.MaxNewTokens);
        Assert.Equal(1, config.Generation.Temperature);
    }

    [Fact]
    public void Settings_that_depend_on_another_follow_it_when_not_given()
    {
        var config = Parse("\"epochs\": 3, \"batch_size\": 4, \"max_length\": 100");
        Assert.Equal(3, config.ScheduleEpochs);
        Assert.Equal(4, config.MicroBatchSize);
        Assert.Equal(50, config.MaxPromptLength);
    }

    [Theory]
    [InlineData("\"learning_rte\": 1e-5", "unknown key 'learning_rte'; did you mean 'learning_rate'?")]
    [InlineData("\"generation\": {\"topp\": 1}", "unknown key 'generation.topp'; did you mean 'generation.top_p'?")]
    [InlineData("\"zzzzzzzzzzzz\": 1", "known keys are name, kind, model")]
    [InlineData("\"chat_template\": \"vicuna\"", "chat_template must be one of zephyr, chatml, llama-2, llama-3, mistral, instruction (got \"vicuna\")")]
    [InlineData("\"learning_rate\": 2", "learning_rate must be > 0 and < 1 (got 2); typical: 1e-6 … 1e-3")]
    [InlineData("\"learning_rate\": [0.1, 0]", "learning_rate[1] must be > 0 and < 1 (got 0)")]
    [InlineData("\"beta\": []", "beta must hold 1 to 1000 values, one per iteration (got 0 values)")]
    [InlineData("\"beta\": \"big\"", "beta must be a number or a list of numbers, one per iteration (got \"big\")")]
    [InlineData("\"iterations\": 2.5", "iterations must be a whole number")]
    [InlineData("\"iterations\": 99999999999", "iterations must be a whole number")]
    [InlineData("\"iterations\": null", "iterations must be a whole number")]
    [InlineData("\"kind\": \"ppo\"", "kind must be \"spin\" or \"sft\" or \"dpo\" (got \"ppo\")")]
    [InlineData("\"label_smoothing\": 0.5", "label_smoothing must be >= 0 and < 0.5 (got 0.5)")]
    [InlineData("\"sft_weight\": -1", "sft_weight must be >= 0 and <= 1000 (got -1)")]
    [InlineData("\"length_normalised\": 1", "length_normalised must be true or false (got 1)")]
    [InlineData("\"name\": null", "name must be text (got null)")]
    [InlineData("\"generation\": null", "generation must be an object (got null)")]
    [InlineData("\"drop_identical\": 1", "drop_identical must be true or false (got 1)")]
    [InlineData("\"generation\": []", "generation must be an object")]
    [InlineData("\"epochs\": 4, \"schedule_epochs\": 2", "epochs must be at most schedule_epochs = 2")]
    [InlineData("\"micro_batch_size\": 64", "micro_batch_size must be at most batch_size = 32 (got 64)")]
    [InlineData("\"max_prompt_length\": 1024", "max_prompt_length must be less than max_length = 1024")]
    [InlineData("\"generation\": {\"top_p\": 0}", "generation.top_p must be > 0 and <= 1 (got 0); typical: 0.9 … 1")]
    [InlineData("\"preset\": \"papr\"", "preset must be \"paper\"")]
    [InlineData("\"seed\": 1, \"seed\": 2", "not valid JSON")]
    [InlineData("\"name\": \"a\\nb\"", "name must be one line")]
    public void A_bad_setting_is_named_with_its_limit(string setting, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => Parse(setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void Held_out_may_be_null() => Assert.Null(Parse("\"held_out\": null").HeldOut);

    [Fact]
    public void Every_problem_is_reported_at_once()
    {
        var message = Assert.Throws<BadInputException>(() => Parse("\"beta\": -1, \"window\": 0")).Message;
        Assert.Contains("beta", message, StringComparison.Ordinal);
        Assert.Contains("window", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[1]", "must be a JSON object")]
    [InlineData("{\"dataset\": \"d\"}", "model is missing")]
    [InlineData("{\"model\": \"\", \"dataset\": \"d\"}", "model must name a model folder")]
    [InlineData("{\"model\": \"a\\u0000b\", \"dataset\": \"d\"}", "NUL")]
    public void What_is_no_config_is_refused(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => RunConfigFile.Parse(json, "/")).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<BadInputException>(() => RunConfigFile.Parse(string.Concat(Enumerable.Repeat("{\"generation\":", 100_000)), "/"));

    [Fact]
    public void Validate_catches_what_is_not_a_number()
    {
        var config = Parse("\"seed\": 1") with { WeightDecay = double.NaN };
        Assert.Equal("weight_decay", Assert.Single(RunConfigFile.Validate(config)).Key);
    }

    [Fact]
    public void What_is_saved_loads_as_the_same_config()
    {
        var folder = Directory.CreateTempSubdirectory();
        var path = Path.Combine(folder.FullName, "run.json");
        var config = Parse("\"preset\": \"paper\", \"kind\": \"sft\", \"held_out\": \"h\", \"name\": \"Ünïcode\"");
        RunConfigFile.Save(config, path);
        RunConfigFile.Save(RunConfigFile.Load(path), path + "2");
        Assert.Equal(File.ReadAllText(path), File.ReadAllText(path + "2"));
        Assert.Equal("Ünïcode", RunConfigFile.Load(path).Name);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("'/none/run.json' not found", Assert.Throws<BadInputException>(() => RunConfigFile.Load("/none/run.json")).Message, StringComparison.Ordinal);

    private static RunConfig Parse(string settings) => RunConfigFile.Parse($"{{{Least}, {settings}}}", "/base");
}
