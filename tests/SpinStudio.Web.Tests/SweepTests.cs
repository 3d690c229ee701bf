using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Runs.New;

namespace SpinStudio.Web.Tests;

public sealed class SweepTests
{
    private static readonly RunConfig Config = new() { Name = "night", Model = "-", Dataset = "-" };

    [Fact]
    public void Two_settings_make_every_combination()
    {
        var runs = Sweep.Expand(Config, [new("beta", ["0.1", "0.5"]), new("learning_rate", ["1e-6", "1e-5", "1e-4"])]);
        Assert.Equal(6, runs.Count);
        Assert.Equal([(0.1, 1e-6), (0.1, 1e-5), (0.1, 1e-4), (0.5, 1e-6), (0.5, 1e-5), (0.5, 1e-4)], runs.Select(run => (run.Config.Beta[0], run.Config.LearningRate[0])));
        Assert.Equal("night · β 0.5, Learning rate 1e-4", Sweep.NameOf("night", runs[5]));
    }

    [Fact]
    public void The_same_value_twice_is_one_run() => Assert.Equal(2, Sweep.Expand(Config, [new("seed", ["1", "2", "1"])]).Count);

    [Fact]
    public void A_long_name_leaves_room_for_the_values() =>
        Assert.Equal(200, Sweep.NameOf(new string('n', 300), Sweep.Expand(Config, [new("seed", ["1"])])[0]).Length);

    [Theory]
    [InlineData("dtype", "bf16", "cannot be swept")]
    [InlineData("model", "x", "cannot be swept")]
    [InlineData("iterations", "0", "iterations = 0")]
    [InlineData("beta", "strong", "not a number")]
    public void A_setting_or_value_that_cannot_be_used_is_named(string key, string value, string reason) =>
        Assert.Contains(reason, Refused([new(key, [value])]), StringComparison.Ordinal);

    [Fact]
    public void Too_much_is_refused_before_it_is_made()
    {
        Assert.Contains("at most 24 runs (these are 25)", Refused([new("beta", Numbers(5)), new("seed", Numbers(5))]), StringComparison.Ordinal);
        Assert.Contains("1 to 24 different values", Refused([new("seed", Numbers(25))]), StringComparison.Ordinal);
        Assert.Contains("1 to 2 settings (got 3)", Refused([new("beta", ["1"]), new("seed", ["1"]), new("epochs", ["1"])]), StringComparison.Ordinal);
        Assert.Contains("different settings", Refused([new("seed", ["1"]), new("seed", ["2"])]), StringComparison.Ordinal);
        Assert.Contains("1 to 2 settings (got 0)", Refused([]), StringComparison.Ordinal);
    }

    private static string Refused(IReadOnlyList<SweepAxis> axes)
    {
        var refused = Assert.Throws<StudioException>(() => Sweep.Expand(Config, axes));
        Assert.Equal(Refusal.Invalid, refused.Refusal);
        return refused.Message;
    }

    private static List<string> Numbers(int count) => [.. Enumerable.Range(1, count).Select(number => $"{number}")];
}
