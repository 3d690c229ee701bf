using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Insights;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests;

/// <summary>What is said of a run's figures, against values worked out another way.</summary>
public sealed class InsightTests
{
    private static readonly RunConfig Config = new() { Model = "-", Dataset = "-" };

    [Theory]
    [InlineData(SpinLossType.Sigmoid, 0.69314718, 0.0, LampState.Good)]
    [InlineData(SpinLossType.Sigmoid, 0.7057253, -0.025, LampState.Bad)]
    [InlineData(SpinLossType.Sigmoid, 0.69314718, 0.01, LampState.Bad)]
    [InlineData(SpinLossType.Hinge, 1.0, 0.0, LampState.Good)]
    [InlineData(SpinLossType.Hinge, 0.69314718, 0.0, LampState.Bad)]
    [InlineData(SpinLossType.Exponential, 1.0, 0.0, LampState.Good)]
    [InlineData(SpinLossType.Correlation, 0.69314718, 0.0, LampState.Bad)]
    [InlineData(SpinLossType.Sigmoid, null, null, LampState.Waiting)]
    public void The_lamp_is_good_only_where_the_first_loss_is_that_of_equal_players(SpinLossType loss, double? first, double? margin, LampState expected) =>
        Assert.Equal(expected, InvariantLamp.Of(0, Config with { Loss = loss }, first, margin).State);

    [Fact]
    public void Supervised_runs_have_no_lamp() => Assert.Equal(LampState.None, InvariantLamp.Of(0, Config with { Kind = RunKind.Sft }, 3.2, null).State);

    [Fact]
    public void The_lamp_looks_at_the_loss_of_the_margins_beside_an_SFT_term()
    {
        Assert.Equal(LampState.Good, InvariantLamp.Of(0, Config with { SftWeight = 0.5 }, 0.69314718 + 0.5 * 3, 0, 3).State);
        Assert.Equal(LampState.Bad, InvariantLamp.Of(0, Config with { SftWeight = 0.5 }, 0.7931 + 0.5 * 3, 0, 3).State);
    }

    [Theory]
    [InlineData(0.5, 0.0, MarginSource.RealRises, false)]
    [InlineData(0.4, -0.6, MarginSource.Both, false)]
    [InlineData(0.01, -0.99, MarginSource.GeneratedFalls, false)]
    [InlineData(-0.5, -2.0, MarginSource.BothFall, true)]
    [InlineData(0.2, 0.4, MarginSource.Unclear, false)]
    public void The_margin_is_split_into_what_rises_and_what_falls(double real, double generated, MarginSource source, bool alarm)
    {
        double[] noise = [-0.002, 0.001, 0, 0.002, -0.001, 0];
        var anatomy = RewardAnatomy.Of(1, beta: 0.1, [.. noise.Select(n => real + n)], [.. noise.Select(n => generated - n)]);
        Assert.Equal(source, anatomy.Source);
        Assert.Equal(alarm, anatomy.Alarm);
        Assert.Equal(real / 0.1, anatomy.RealNats, 6);
        Assert.Equal(real - generated, anatomy.Margin.Mean, 6);
    }

    [Fact]
    public void Few_steps_say_nothing() => Assert.Equal(MarginSource.Unclear, RewardAnatomy.Of(0, 0.1, [1, 1, 1], [0, 0, 0]).Source);

    [Fact]
    public void The_area_equals_the_share_of_won_comparisons()
    {
        var random = new Random(5);
        double[] human = [.. Enumerable.Range(0, 60).Select(_ => Math.Round(random.NextDouble() * 10 + 1))];
        double[] generated = [.. Enumerable.Range(0, 60).Select(_ => Math.Round(random.NextDouble() * 10))];
        var won = human.Sum(h => generated.Sum(g => h > g ? 1 : h == g ? 0.5 : 0)) / (60.0 * 60);
        Assert.Equal(won, Auc.Of(human, generated).Mean, 12);
    }

    [Fact]
    public void Its_interval_is_as_wide_as_resampling_the_pairs_says()
    {
        var random = new Random(7);
        var human = new double[150];
        var generated = new double[150];
        for (var i = 0; i < human.Length; i++)
        {
            // The two answers to one prompt are alike.
            var prompt = Normal(random);
            (human[i], generated[i]) = (prompt + Normal(random) + 0.8, prompt + Normal(random));
        }

        var interval = Auc.Of(human, generated);
        var areas = Enumerable.Range(0, 1500).Select(_ =>
        {
            var drawn = Enumerable.Range(0, human.Length).Select(_ => random.Next(human.Length)).ToArray();
            return Auc.Of([.. drawn.Select(i => human[i])], [.. drawn.Select(i => generated[i])]).Mean;
        }).ToList();
        var deviation = Math.Sqrt(areas.Average(area => Math.Pow(area - areas.Average(), 2)));
        Assert.InRange((interval.High - interval.Low) / (2 * 1.96 * deviation), 0.9, 1.1);
    }

    [Fact]
    public void The_regression_is_where_the_gradient_of_the_penalised_likelihood_is_zero()
    {
        var random = new Random(3);
        double[][] rows = [.. Enumerable.Range(0, 200).Select(_ => new[] { Normal(random) * 3 + 1, Normal(random), 5.0 })];
        bool[] labels = [.. rows.Select(row => random.NextDouble() < 1 / (1 + Math.Exp(-(row[0] - 1) / 2)))];
        var model = LogisticRegression.Fit(rows, labels);

        // By plain gradient descent instead of Newton's method, on the same standardised features.
        var standard = rows.Select(row => new[] { Standard(rows, row, 0), Standard(rows, row, 1) }).ToArray();
        var (a, b, c) = (0.0, 0.0, 0.0);
        for (var step = 0; step < 20_000; step++)
        {
            var misses = standard.Select((x, i) => (labels[i] ? 1 : 0) - (1 / (1 + Math.Exp(-((a * x[0]) + (b * x[1]) + c))))).ToArray();
            a += 0.005 * (misses.Zip(standard, (miss, x) => miss * x[0]).Sum() - a);
            b += 0.005 * (misses.Zip(standard, (miss, x) => miss * x[1]).Sum() - b);
            c += 0.005 * misses.Sum();
        }

        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal((a * standard[i][0]) + (b * standard[i][1]) + c, model.Score(rows[i]), 4));
    }

    [Fact]
    public void Answers_that_are_cut_give_themselves_away()
    {
        var report = ShortcutDetector.Analyse(Enumerable.Range(0, 100).Select(i => Pair(i, "A full sentence about the thing number " + i + ".", "A full sentence about the thi", "length")));
        Assert.Equal(ShortcutVerdict.Formatting, report.Verdict);
        Assert.Equal(1, report.Signs.Single(sign => sign.Name.StartsWith("Ends by itself", StringComparison.Ordinal)).Auc.Mean);
        Assert.True(report.Together.Low > ShortcutReport.FormattingLevel);
    }

    [Fact]
    public void Answers_of_one_kind_are_not_told_apart()
    {
        var random = new Random(11);
        var report = ShortcutDetector.Analyse(Enumerable.Range(0, 300).Select(i => Pair(i, Sentence(random), Sentence(random), "stop")));
        Assert.Equal(ShortcutVerdict.Clear, report.Verdict);
        Assert.InRange(report.Together.Mean, 0.4, 0.6);
    }

    [Fact]
    public void First_words_that_everybody_shares_are_not_learned_from_the_answer_itself()
    {
        // Each answer begins with words of its own: a score that had seen the answer would tell all of them apart.
        var report = ShortcutDetector.Analyse(Enumerable.Range(0, 200).Select(i => Pair(i, $"alpha{i} beta{i} is what it is", $"gamma{i} delta{i} is what it is", "stop")));
        Assert.Equal(0.5, report.Signs.Single(sign => sign.Name == "First two words").Auc.Mean, 6);
    }

    [Fact]
    public void Near_copies_are_counted()
    {
        const string human = "the quick brown fox jumps over the lazy dog and runs home to sleep until the sun is up again";
        var report = ShortcutDetector.Analyse([Pair(0, human, human, "stop"), Pair(1, human, human.Replace("again", "once more", StringComparison.Ordinal), "stop"), Pair(2, human, "something else", "stop")]);
        Assert.Equal(2.0 / 3, report.NearCopies.Mean, 6);
        Assert.Equal(1, report.Identical);
        Assert.Equal(ShortcutVerdict.TooFew, report.Verdict);
    }

    [Theory]
    [InlineData("a b c", "a b c", 1.0)]
    [InlineData("a b", "c d", 0.0)]
    [InlineData("a b c", "a b d", 6.0 / 10)] // a, b and "a b" of five each
    public void Likeness_is_the_share_of_common_words_and_word_pairs(string a, string b, double expected) => Assert.Equal(expected, Likeness.Between(a, b), 12);

    [Fact]
    public void The_graph_follows_the_window_and_marks_a_foreign_opponent()
    {
        IterationInfo Ended(int number, int opponent) => new(number, opponent, 0.1, 1e-6, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, 10, new Dictionary<string, int>(), Guid.NewGuid(), null, new Dictionary<string, double>());
        var graph = Lineage.Of([Ended(0, -1), Ended(1, 0), Ended(2, 0)], planned: 3, window: 2, startModel: null,
            [InvariantLamp.Of(1, Config, 0.9, 0)], new HashSet<int> { 0, 1, 2 });

        var trained = graph.Edges.Where(edge => edge.Kind == LineageKind.TrainedOn).Select(edge => (edge.From.Iteration, edge.To.Iteration));
        Assert.Equal([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)], trained);
        var faults = graph.Edges.Where(edge => edge.Fault is not null).ToList();
        Assert.Contains(faults, edge => edge is { Kind: LineageKind.Opponent, From.Iteration: 0, To.Iteration: 2 });
        Assert.Contains(faults, edge => edge is { Kind: LineageKind.Init, To.Iteration: 1 });
        Assert.Equal(2, faults.Count);
    }

    private static Pair Pair(int i, string real, string generated, string finish) => new(i, 0, $"{i * 7919:x16}", null, "p", real, generated, [1], finish);

    private static string Sentence(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(5, 12)).Select(_ => new[] { "red", "green", "small", "old", "house", "river" }[random.Next(6)])) + ".";

    private static double Standard(double[][] rows, double[] row, int k)
    {
        var mean = rows.Average(one => one[k]);
        return (row[k] - mean) / Math.Sqrt(rows.Average(one => Math.Pow(one[k] - mean, 2)));
    }

    /// <summary>Box and Muller.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
