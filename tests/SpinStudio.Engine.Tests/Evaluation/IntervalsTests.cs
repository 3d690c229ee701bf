using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Engine.Tests.Evaluation;

public sealed class IntervalsTests
{
    /// <summary>Expected limits by the closed formula at higher precision.</summary>
    [Theory]
    [InlineData(50, 100, 0.5, 0.4038315, 0.5961685)]
    [InlineData(0, 10, 0, 0, 0.2775328)]
    [InlineData(10, 10, 1, 0.7224672, 1)]
    [InlineData(81, 263, 0.3079848, 0.2552885, 0.3662096)]
    public void Wilson_interval_of_a_rate(int successes, int count, double mean, double low, double high)
    {
        var rate = Intervals.Rate(successes, count);
        Assert.Equal((mean, low, high), (Math.Round(rate.Mean, 7), Math.Round(rate.Low, 7), Math.Round(rate.High, 7)));
        Assert.Equal(count, rate.Count);
    }

    [Fact]
    public void Nothing_observed_says_nothing() => Assert.Equal(new Estimate(0, 0, 1, 0), Intervals.Rate(0, 0));

    [Fact]
    public void Normal_interval_of_a_mean()
    {
        var mean = Intervals.Mean([1, 2, 3, 4]);
        Assert.Equal(2.5, mean.Mean);
        Assert.Equal(1.959964 * Math.Sqrt(5.0 / 3 / 4), mean.High - mean.Mean, 1e-6);
        Assert.Equal(mean.High - mean.Mean, mean.Mean - mean.Low, 1e-12);
    }
}
