using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tests.SelfPlay;

namespace SpinStudio.Engine.Tests.Evaluation;

public sealed class HeldOutScoreTests
{
    [Fact]
    public void Scores_of_prompts_add_up_to_the_report_and_to_the_scores_of_the_model_before()
    {
        using var small = new SmallRun();
        var (_, events, folder) = small.Play(small.Config);
        var before = HeldOutScore.Read(folder.HeldOutScores(-1)).ToList();
        var after = HeldOutScore.Read(folder.HeldOutScores(0)).ToList();
        var report = events.OfType<EvaluationEvent>().Single(evaluation => evaluation.Report.Iteration == 0).Report;

        Assert.Equal(8, after.Count);
        Assert.All(before, score => Assert.Null(score.RewardHuman));
        Assert.All(after.Zip(before), pair =>
        {
            Assert.Equal(pair.Second.PromptId, pair.First.PromptId);
            Assert.Equal(0.1 * (pair.First.HumanLogProb - pair.Second.HumanLogProb), pair.First.RewardHuman!.Value, 1e-9);
            Assert.True(pair.First.LogProb < 0);
        });
        Assert.Equal(report.RewardMargin!.Mean, after.Average(score => score.RewardHuman!.Value - score.RewardOpponent!.Value), 1e-9);
        Assert.Equal(report.RewardAccuracy!.Mean, after.Count(score => score.RewardHuman > score.RewardOpponent) / 8.0, 1e-9);
    }
}
