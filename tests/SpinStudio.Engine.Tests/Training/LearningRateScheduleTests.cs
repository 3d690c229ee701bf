using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.Tests.Training;

public sealed class LearningRateScheduleTests
{
    /// <summary>The official runs: 6 epochs of 778 steps, warm-up 467, stopped after 2 epochs at 3.704e-7.</summary>
    [Fact]
    public void Six_epoch_schedule_stopped_after_two_ends_at_the_published_rate()
    {
        var schedule = new LearningRateSchedule(5e-7, 4668, 0.1);
        Assert.Equal(467, schedule.WarmupSteps);
        Assert.Equal(3.704e-7, schedule.At(1556), 1e-10);
    }

    [Fact]
    public void It_rises_from_zero_to_the_peak_and_falls_to_zero()
    {
        var schedule = new LearningRateSchedule(1, 1556, 0.1);
        Assert.Equal(156, schedule.WarmupSteps);
        Assert.Equal(0, schedule.At(0));
        Assert.Equal(0.5, schedule.At(78), 1e-12);
        Assert.Equal(1, schedule.At(156));
        Assert.Equal(0, schedule.At(1556));
    }

    [Fact]
    public void Without_warm_up_it_starts_at_the_peak() => Assert.Equal(2, new LearningRateSchedule(2, 10, 0).At(0));
}
