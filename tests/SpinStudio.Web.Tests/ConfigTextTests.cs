using System.Text;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs.New;

namespace SpinStudio.Web.Tests;

public sealed class ConfigTextTests
{
    private static readonly RunConfig Defaults = new() { Model = "-", Dataset = "-" };

    public static TheoryData<string> Presets => ["defaults", "paper"];

    [Theory]
    [MemberData(nameof(Presets))]
    public void Settings_come_back_from_yaml_and_json_as_they_were(string which)
    {
        var config = (which == "paper" ? RunPresets.Paper(Defaults) : Defaults) with { Name = "Yes: a \"name\", #1" };
        foreach (var text in (string[])[ConfigText.Yaml(config), ConfigText.Json(config)])
        {
            var read = ConfigText.Read(text);
            Assert.Equal(config.Name, read.Name);
            Assert.Empty(SettingChanges.Between(config, read));
            Assert.DoesNotContain("dataset:", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("12")]
    [InlineData("- a")]
    public void A_name_that_yaml_would_take_for_something_else_stays_a_name(string name) =>
        Assert.Equal(name, ConfigText.Read(ConfigText.Yaml(Defaults with { Name = name })).Name);

    [Fact]
    public void Numbers_and_lists_are_read_as_people_write_them()
    {
        var read = ConfigText.Read("""
            # for the night
            iterations: 2
            beta: [.1, 5e-1]
            learning_rate: 1e-5
            epochs: 1.5
            optimizer: adamw
            drop_identical: false
            generation:
              temperature: 0.7
            """);
        Assert.Equal(2, read.Iterations);
        Assert.Equal([0.1, 0.5], read.Beta);
        Assert.Equal([1e-5], read.LearningRate);
        Assert.Equal(1.5, read.ScheduleEpochs);
        Assert.Equal(OptimizerKind.AdamW, read.Optimizer);
        Assert.False(read.DropIdentical);
        Assert.Equal(0.7, read.Generation.Temperature);
    }

    [Theory]
    [InlineData("betta: 0.1", "unknown key 'betta'; did you mean 'beta'?")]
    [InlineData("{\"generation\": {\"temprature\": 1}}", "did you mean 'generation.temperature'?")]
    [InlineData("iterations: many", "iterations must be a whole number")]
    [InlineData("iterations: 0", "iterations must be from 1 to 1000 (got 0)")]
    [InlineData("drop_identical: yes", "true or false")]
    [InlineData("beta: &b [1]\nlearning_rate: *b", "line 1 uses an anchor")]
    [InlineData("seed: *nothing", "uses an alias")]
    [InlineData("seed: !!int 3", "uses a tag")]
    [InlineData("name: !ruby/object:Gem 1", "uses a tag")]
    [InlineData("seed: 1\nseed: 2", "'seed' stands there twice")]
    [InlineData("{\"seed\": 1, \"seed\": 2}", "not valid JSON")]
    [InlineData("? [a, b]\n: 1", "a key must be a plain word")]
    [InlineData("seed: 1\n---\nseed: 2", "one YAML document")]
    [InlineData("seed: [1", "not valid YAML")]
    [InlineData("- 1\n- 2", "keys with values")]
    [InlineData("just words", "keys with values")]
    [InlineData("", "they are empty")]
    public void What_cannot_be_used_is_named(string text, string reason)
    {
        var refused = Assert.Throws<StudioException>(() => ConfigText.Read(text));
        Assert.Equal(Refusal.Invalid, refused.Refusal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bomb_is_refused_before_it_unfolds()
    {
        var bomb = new StringBuilder("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
        for (var c = 'b'; c <= 'i'; c++)
        {
            var before = string.Join(", ", Enumerable.Repeat($"*{(char)(c - 1)}", 10));
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"{c}: &{c} [{before}]\n");
        }

        Assert.Contains("anchor", Assert.Throws<StudioException>(() => ConfigText.Read(bomb.ToString())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Deep_nesting_is_refused(string open, string close)
    {
        var deep = "name: " + string.Concat(Enumerable.Repeat(open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
        Assert.Equal(Refusal.Invalid, Assert.Throws<StudioException>(() => ConfigText.Read(deep)).Refusal);
    }

    [Fact]
    public void More_than_a_mebibyte_is_refused_without_being_read() =>
        Assert.Equal(Refusal.TooLarge, Assert.Throws<StudioException>(() => ConfigText.Read("name: " + new string('x', ConfigText.MostBytes))).Refusal);

    [Fact]
    public void Paths_in_a_text_are_left_to_the_form() =>
        Assert.Equal("-", ConfigText.Read("""{"model": "/etc", "dataset": "/etc/passwd", "held_out": 5, "iterations": 2}""").Model);
}
