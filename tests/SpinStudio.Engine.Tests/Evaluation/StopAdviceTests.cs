using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.Tests.Evaluation;

public sealed class StopAdviceTests
{
    [Theory]
    [InlineData(0, 0, 1.0)]
    [InlineData(10, 0, 0.001953125)] // 2 · 2^-10
    [InlineData(8, 2, 0.109375)] // 2 · (1 + 10 + 45) / 1024
    [InlineData(5, 5, 1.0)]
    public void The_paired_test_is_the_sum_of_binomial_terms(int gained, int lost, double p)
    {
        var test = PairedTest.Of([.. Enumerable.Repeat((false, true), gained), .. Enumerable.Repeat((true, false), lost), .. Enumerable.Repeat((true, true), 30)]);
        Assert.Equal(p, test.P, 12);
        Assert.Equal((gained, lost, gained + lost + 30), (test.Gained, test.Lost, test.Count));
    }

    [Fact]
    public void A_loss_that_fell_without_held_out_accuracy_means_stop()
    {
        var advice = StopAdvice.Of([new EndedIteration(2, new Estimate(0.4, 0.38, 0.42, 20), Math.Log(2), new Estimate(0.52, 0.45, 0.59, 200), null)]);
        Assert.Equal((AdviceKind.Stop, 1), (advice.Kind, advice.Keep));
        Assert.Contains(advice.Evidence, fact => fact.Contains("n = 200", StringComparison.Ordinal) && fact.Contains("45.0–59.0 %", StringComparison.Ordinal));
    }

    [Fact]
    public void Few_held_out_examples_advise_nothing() =>
        Assert.Equal(AdviceKind.Wait, StopAdvice.Of([new EndedIteration(1, new Estimate(0.4, 0.38, 0.42, 20), Math.Log(2), new Estimate(0.62, 0.3, 0.86, 8), null)]).Kind);

    [Fact]
    public void Guessing_with_a_loss_that_did_not_move_is_too_little_training()
    {
        var advice = StopAdvice.Of([new EndedIteration(0, new Estimate(0.692, 0.690, 0.694, 20), Math.Log(2), new Estimate(0.52, 0.45, 0.59, 200), null)]);
        Assert.Equal(AdviceKind.GoOn, advice.Kind);
        Assert.Contains("too little training", advice.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 4, AdviceKind.GoOn, 1)]
    [InlineData(4, 20, AdviceKind.Stop, 0)]
    [InlineData(9, 8, AdviceKind.Stop, 0)]
    public void The_paired_test_decides_which_iteration_to_keep(int gained, int lost, AdviceKind kind, int keep)
    {
        var test = PairedTest.Of([.. Enumerable.Repeat((false, true), gained), .. Enumerable.Repeat((true, false), lost), .. Enumerable.Repeat((true, true), 60)]);
        var advice = StopAdvice.Of([new EndedIteration(1, new Estimate(0.4, 0.38, 0.42, 20), Math.Log(2), new Estimate(0.9, 0.85, 0.94, 200), test)]);
        Assert.Equal((kind, keep), (advice.Kind, advice.Keep!.Value));
    }

    /// <summary>Expected by Python's statistics module, with the normal distribution's 97.5 % point.</summary>
    [Fact]
    public void The_change_in_likelihood_is_paired_by_example()
    {
        int[] prompt = [1];
        TokenSequence[] human = [new(prompt, new int[2]), new(prompt, new int[4]), new(prompt, new int[3]), new(prompt, new int[5])];
        var change = HeldOutEvaluation.Report(1, [], human, [-7, -10.5f, -2.4f, -6], before: [-8, -10, -3, -7.5f], margins: null).NllChange!;
        Assert.Equal((-0.218750, -0.474435, 0.036935, 4), (Math.Round(change.Mean, 6), Math.Round(change.Low, 6), Math.Round(change.High, 6), change.Count));
    }

    [Theory]
    [InlineData(-0.05, -0.08, -0.02, AdviceKind.GoOn, 1)]
    [InlineData(0.05, 0.02, 0.08, AdviceKind.Stop, 0)]
    [InlineData(-0.01, -0.03, 0.01, AdviceKind.Stop, 0)]
    public void Without_exact_checks_the_likelihood_of_the_human_answers_decides(double mean, double low, double high, AdviceKind kind, int keep)
    {
        var advice = StopAdvice.Of([Ended(null) with { NllChange = new Estimate(mean, low, high, 200) }]);
        Assert.Equal((kind, keep), (advice.Kind, advice.Keep!.Value));
        Assert.Contains(advice.Evidence, fact => fact.Contains("nats a token", StringComparison.Ordinal) && fact.Contains("n = 200", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_there_are_exact_checks_they_decide()
    {
        var test = PairedTest.Of([.. Enumerable.Repeat((false, true), 20), .. Enumerable.Repeat((true, true), 60)]);
        Assert.Equal(AdviceKind.GoOn, StopAdvice.Of([Ended(test) with { NllChange = new Estimate(0.3, 0.2, 0.4, 80) }]).Kind);
    }

    private static EndedIteration Ended(PairedTest? test) => new(1, new Estimate(0.4, 0.38, 0.42, 20), Math.Log(2), new Estimate(0.9, 0.85, 0.94, 200), test);
}
