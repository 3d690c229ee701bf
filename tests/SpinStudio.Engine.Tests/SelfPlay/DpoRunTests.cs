using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Engine.Tests.SelfPlay;

public sealed class DpoRunTests
{
    [Fact]
    public void Chosen_answers_are_told_from_rejected_ones_held_out_ones_too()
    {
        using var small = new SmallRun(train: 48, heldOut: 16);
        var (outcome, events, folder) = small.Play(small.Config with { Kind = RunKind.Dpo, Epochs = 4, ScheduleEpochs = 4 });
        Assert.Equal(RunOutcome.Finished, outcome);

        var steps = events.OfType<MetricsEvent>().ToList();
        Assert.Equal(48, steps.Count);
        Assert.Equal(Math.Log(2), steps[0].Values["loss"]!.Value, 1e-6);
        Assert.Equal(0, steps[0].Values["rewards/margins"]!.Value, 1e-6);
        Assert.True(steps.TakeLast(5).Average(step => step.Values["rewards/margins"]!.Value) > 0.1);

        var report = events.OfType<EvaluationEvent>().Single(evaluation => evaluation.Report.Iteration == 0).Report;
        Assert.Equal(16, report.RewardAccuracy!.Count);
        Assert.Equal(16, report.RewardMargin!.Count);
        Assert.NotNull(report.NllChange);
        Assert.Null(events.OfType<EvaluationEvent>().Single(evaluation => evaluation.Report.Iteration == -1).Report.RewardAccuracy);

        var pairs = AnswerGeneration.Read(folder.Pairs(0));
        Assert.Equal(48, pairs.Count);
        Assert.Equal(pairs[1].Real, pairs[0].Generated);
        Assert.DoesNotContain(events, e => e is PhaseEvent { Phase: RunPhase.Generate });
        Assert.Equal("iteration-0/model", events.OfType<FinishedEvent>().Single().Model);
    }

    /// <summary>The held-out margin is β·[log π(y) − log π_ref(y) − (log π(y′) − log π_ref(y′))], so a learning rate that moves nothing gives 0 and no pair is won.</summary>
    [Fact]
    public void A_model_that_did_not_move_wins_no_held_out_pair()
    {
        using var small = new SmallRun();
        var (_, events, _) = small.Play(small.Config with { Kind = RunKind.Dpo, LearningRate = [1e-30], LengthNormalised = true });
        var report = events.OfType<EvaluationEvent>().Last().Report;
        Assert.Equal((0.0, 0.0), (report.RewardMargin!.Mean, report.RewardAccuracy!.Mean));
    }

    [Fact]
    public void A_row_without_a_rejected_answer_is_refused_by_its_number()
    {
        using var small = new SmallRun();
        var lines = File.ReadAllLines(small.In("train.jsonl"));
        lines[2] = """{"prompt": "a", "response": "b"}""";
        File.WriteAllLines(small.In("train.jsonl"), lines);
        var refused = Assert.Throws<BadInputException>(() => small.Play(small.Config with { Kind = RunKind.Dpo }));
        Assert.Contains("train.jsonl, row 3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("rejected", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Finished, small.Play(small.Config, "spin").Outcome);
    }

    [Theory]
    [InlineData(SpinLossType.Hinge, 0, false, 0)]
    [InlineData(SpinLossType.Exponential, 0.1, true, 0)]
    [InlineData(SpinLossType.Correlation, 0, false, 0.5)]
    [InlineData(SpinLossType.Sigmoid, 0.2, true, 1)]
    public void Every_loss_with_its_options_trains_both_kinds(SpinLossType loss, double smoothing, bool normalised, double sftWeight)
    {
        using var small = new SmallRun(train: 16, heldOut: 4);
        foreach (var kind in new[] { RunKind.Spin, RunKind.Dpo })
        {
            var config = small.Config with { Kind = kind, Loss = loss, LabelSmoothing = smoothing, LengthNormalised = normalised, SftWeight = sftWeight, LearningRate = [1e-3], Beta = [normalised ? 1 : 0.1] };
            var (outcome, events, _) = small.Play(config, kind.ToString());
            Assert.Equal(RunOutcome.Finished, outcome);
            var values = events.OfType<MetricsEvent>().Select(step => step.Values).ToList();
            Assert.Equal(loss.AtStart(), MetricNames.MarginLoss(values[0]["loss"], values[0].GetValueOrDefault("nll_loss"), sftWeight)!.Value, 1e-5);
            Assert.Equal(sftWeight > 0, values[^1].ContainsKey("nll_loss"));
            var margins = values.Select(step => step["rewards/margins"]!.Value).ToList();
            Assert.True(margins.TakeLast(4).Average() > 0, $"{kind}: {string.Join(' ', margins)}");
        }
    }
}
