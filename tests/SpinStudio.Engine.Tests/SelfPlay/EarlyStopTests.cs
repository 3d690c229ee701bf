using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>Runs whose learning rate moves nothing: every iteration is the one before over again, and the held-out evidence says so.</summary>
public sealed class EarlyStopTests
{
    [Fact]
    public void A_gate_ends_the_run_after_the_iteration_that_is_no_better_and_stays_so_when_resumed()
    {
        using var small = new SmallRun(train: 8, heldOut: 30);
        var config = Still(small) with { EarlyStop = EarlyStopMode.Gate };
        var (outcome, events, folder) = small.Play(config);

        Assert.Equal(RunOutcome.Finished, outcome);
        var advice = events.OfType<AdviceEvent>().Single();
        Assert.Equal((0, AdviceKind.Stop, -1, true), (advice.Iteration, advice.Advice, advice.Keep, advice.Ends));
        Assert.Contains(advice.Evidence, fact => fact.Contains("0 answers gained, 0 lost of n = 30", StringComparison.Ordinal));
        Assert.Equal("start/model", events.OfType<FinishedEvent>().Single().Model);
        Assert.False(Directory.Exists(folder.Iteration(1)));

        var (again, more, _) = small.Play(config, resume: true);
        Assert.Equal(RunOutcome.Finished, again);
        Assert.Equal(["StartedEvent", "FinishedEvent"], more.Select(e => e.GetType().Name));
    }

    [Fact]
    public void Advice_is_told_and_not_followed()
    {
        using var small = new SmallRun(train: 8, heldOut: 30);
        var events = small.Play(Still(small) with { EarlyStop = EarlyStopMode.Advise }).Events;
        Assert.Equal([(0, AdviceKind.Stop, false), (1, AdviceKind.Stop, false)], events.OfType<AdviceEvent>().Select(e => (e.Iteration, e.Advice, e.Ends)));
        Assert.Equal("iteration-1/model", events.OfType<FinishedEvent>().Single().Model);
        Assert.Empty(small.Play(Still(small) with { EarlyStop = EarlyStopMode.Off }, "off").Events.OfType<AdviceEvent>());
    }

    [Fact]
    public void Few_held_out_examples_end_nothing()
    {
        using var small = new SmallRun(train: 8, heldOut: 8);
        var events = small.Play(Still(small) with { EarlyStop = EarlyStopMode.Gate, Evaluation = new EvaluationConfig { Examples = 100 } }).Events;
        Assert.All(events.OfType<AdviceEvent>(), e => Assert.Equal((AdviceKind.Wait, false), (e.Advice, e.Ends)));
        Assert.Equal(2, events.OfType<IterationEvent>().Count());
    }

    [Fact]
    public void A_gate_without_enough_to_decide_by_is_refused()
    {
        using var small = new SmallRun(train: 8, heldOut: 8);
        var problem = Assert.Single(RunConfigFile.Validate(Still(small) with { EarlyStop = EarlyStopMode.Gate }));
        Assert.Equal("early_stop", problem.Key);
        Assert.Contains("at least 30", problem.Message, StringComparison.Ordinal);
    }

    private static RunConfig Still(SmallRun small) => small.Config with { Iterations = 2, Epochs = 1, ScheduleEpochs = 1, LearningRate = [1e-30] };
}
