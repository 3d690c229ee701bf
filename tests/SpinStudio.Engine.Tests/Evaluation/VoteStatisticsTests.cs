using System.Text.Json;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Engine.Tests.Evaluation;

/// <summary>Strengths and agreement against Oracle/make_vote_fixtures.py.</summary>
public sealed class VoteStatisticsTests
{
    private static readonly JsonElement Oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Oracle", "votes.json"))).RootElement;

    public static TheoryData<int> Tables => [.. Enumerable.Range(0, Oracle.GetProperty("fits").GetArrayLength())];

    [Theory, MemberData(nameof(Tables))]
    public void Strengths_and_their_variance_equal_the_oracle(int number)
    {
        var oracle = Oracle.GetProperty("fits")[number];
        var rows = oracle.GetProperty("wins").EnumerateArray().Select(Numbers).ToList();
        var wins = new double[rows.Count, rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            for (var j = 0; j < rows.Count; j++) wins[i, j] = rows[i][j];
        }

        var fit = BradleyTerry.Fit(wins);
        Assert.All(Numbers(oracle.GetProperty("strengths")).Zip(fit.Strengths), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
        Assert.Equal(oracle.GetProperty("variance").GetDouble(), fit.Variance(0, 1), 1e-6);
        Assert.Equal(0, fit.Strengths.Sum(), 1e-9);
    }

    [Fact]
    public void Bootstrap_intervals_are_those_of_the_oracle_within_what_chance_allows()
    {
        var oracle = Oracle.GetProperty("bootstrap");
        var comparisons = oracle.GetProperty("comparisons").EnumerateArray().Select(row => new PairedComparison(row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32(), row[3].GetDouble())).ToList();
        var bootstrap = BradleyTerryBootstrap.Of(4, comparisons, resamples: 2000);
        var (strengths, intervals) = (Numbers(oracle.GetProperty("strengths")), oracle.GetProperty("intervals"));
        for (var i = 0; i < 4; i++)
        {
            var mine = bootstrap.Strength(i);
            var (low, high) = (intervals[i][0].GetDouble(), intervals[i][1].GetDouble());
            Assert.Equal(strengths[i], mine.Mean, 1e-7);
            // A 2.5 % quantile of 2,000 draws has a standard error of about 0.06 standard deviations; the interval is four of those wide.
            Assert.Equal(low, mine.Low, 0.06 * (high - low));
            Assert.Equal(high, mine.High, 0.06 * (high - low));
        }

        Assert.Equal(bootstrap.Strength(2), BradleyTerryBootstrap.Of(4, comparisons, resamples: 2000).Strength(2));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(12, true)]
    public void Winning_every_time_is_told_apart_only_when_it_was_often(int wins, bool apart)
    {
        var bootstrap = BradleyTerryBootstrap.Of(2, [.. Enumerable.Range(0, wins).Select(k => k % 2 == 0 ? new PairedComparison(k, 0, 1, 1) : new PairedComparison(k, 1, 0, 0))]);
        var difference = bootstrap.Difference(0, 1);
        Assert.Equal(wins, difference.Count);
        Assert.Equal(apart, difference.Low > 0);
        Assert.True(difference.High - difference.Low > 2, difference.ToString());
        Assert.Equal(apart, bootstrap.Rising([1, 0]) > 0.99);
    }

    [Fact]
    public void Without_comparisons_the_interval_is_the_prior()
    {
        var difference = BradleyTerryBootstrap.Of(2, [], resamples: 2000).Difference(0, 1);
        // Of two independent normal values: 1.96·√2·2 = 5.54.
        Assert.Equal((0.0, 0), (difference.Mean, difference.Count));
        Assert.Equal(-5.54, difference.Low, 0.6);
        Assert.Equal(5.54, difference.High, 0.6);
    }

    [Fact]
    public void The_next_comparison_tells_most_where_least_is_known()
    {
        var fit = BradleyTerry.Fit(new double[,] { { 0, 20, 3 }, { 20, 0, 2 }, { 2, 3, 0 } });
        Assert.True(fit.Gain(0, 2) > 2 * fit.Gain(0, 1));
        var lopsided = BradleyTerry.Fit(new double[,] { { 0, 10, 0 }, { 0, 0, 5 }, { 0, 5, 0 } });
        Assert.True(lopsided.Gain(1, 2) > 0 && lopsided.Expected(0, 1) > 0.85);
    }

    [Fact]
    public void Agreement_equals_the_oracle()
    {
        var cohen = Oracle.GetProperty("cohen");
        var pair = Kappa.Cohen([.. cohen.GetProperty("ratings").EnumerateArray().Select(rating => (rating[0].GetInt32(), rating[1].GetInt32()))]);
        Assert.Equal(cohen.GetProperty("observed").GetDouble(), pair.Observed.Mean, 1e-12);
        Assert.Equal(cohen.GetProperty("kappa").GetDouble(), pair.Value!.Value, 1e-12);

        var fleiss = Oracle.GetProperty("fleiss");
        var many = Kappa.Fleiss(fleiss.GetProperty("things").EnumerateArray().Select(thing => thing.EnumerateArray().Select(rating => rating.GetInt32()).ToArray()));
        Assert.Equal(fleiss.GetProperty("observed").GetDouble(), many.Observed.Mean, 1e-12);
        Assert.Equal(fleiss.GetProperty("kappa").GetDouble(), many.Value!.Value, 1e-12);
        Assert.Null(Kappa.Fleiss([[1], [2]]).Value);
        Assert.Null(Kappa.Cohen([(1, 1), (1, 1)]).Value);
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];
}
