using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs.New;

namespace SpinStudio.Web.Tests;

public sealed class RunFormTests
{
    private static readonly RunConfig Defaults = new() { Model = "-", Dataset = "-" };

    [Fact]
    public void Every_field_is_a_setting_and_reads_back_what_it_shows()
    {
        foreach (var config in (RunConfig[])[Defaults, RunPresets.Paper(Defaults)])
        {
            var form = new RunForm(config);
            foreach (var field in RunField.All)
                form.Set(field, form.Text(field));

            Assert.Empty(form.Problems());
            Assert.Empty(form.DifferentFrom(config));
        }
    }

    [Fact]
    public void A_list_per_iteration_may_be_typed_with_commas()
    {
        var form = new RunForm(Defaults);

        form.Set(Field("beta"), "0.1, 0.1,5");

        Assert.Equal([0.1, 0.1, 5], form.Config.Beta);
        Assert.Equal(["beta"], form.DifferentFrom(Defaults).Select(field => field.Key));
    }

    [Fact]
    public void Names_may_be_typed_with_commas()
    {
        var form = new RunForm(Defaults);

        form.Set(Field("lora.targets"), "v_proj,q_proj");

        Assert.Equal(["v_proj", "q_proj"], form.Config.Lora.Targets);
        Assert.Empty(form.Problems());
    }

    [Theory]
    [InlineData("lora.targets", "q_proj, head", "q_proj, k_proj")]
    [InlineData("lora.targets", "", "one or more")]
    [InlineData("iterations", "many", "whole number")]
    [InlineData("iterations", "2.5", "whole number")]
    [InlineData("iterations", "0", "1 to")]
    [InlineData("learning_rate", "fast", "not a number")]
    [InlineData("generation.top_p", "1.5", "<= 1")]
    public void What_cannot_be_used_stays_in_its_field_with_the_reason(string key, string text, string reason)
    {
        var form = new RunForm(Defaults);

        form.Set(Field(key), text);

        Assert.Equal(text, form.Text(Field(key)));
        Assert.Contains(reason, form.Problems()[key], StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_hang_on_another_one_go_along_with_it()
    {
        var form = new RunForm(Defaults);
        form.Set(Field("epochs"), "4");
        form.Set(Field("batch_size"), "4");
        form.Set(Field("max_length"), "100");
        Assert.Equal((4.0, 4, 50), (form.Config.ScheduleEpochs, form.Config.MicroBatchSize, form.Config.MaxPromptLength));
        Assert.Empty(form.Problems());

        // A schedule of its own stays.
        var paper = new RunForm(RunPresets.Paper(Defaults));
        paper.Set(Field("epochs"), "3");
        Assert.Equal(6, paper.Config.ScheduleEpochs);
    }

    [Fact]
    public void What_is_being_typed_stays_as_it_is_typed()
    {
        var form = new RunForm(Defaults);
        form.Set(Field("beta"), "0.10, 1.");
        Assert.Equal("0.10, 1.", form.Text(Field("beta")));
        Assert.Equal([0.1, 1.0], form.Config.Beta);
    }

    private static RunField Field(string key) => RunField.All.Single(field => field.Key == key);
}
