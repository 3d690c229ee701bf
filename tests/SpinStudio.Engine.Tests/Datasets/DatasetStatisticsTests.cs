using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

public sealed class DatasetStatisticsTests
{
    private static readonly string Model = SampleFolder("model");

    [Fact]
    public void Lengths_quantiles_and_limits_are_those_of_the_sorted_list()
    {
        var random = new Random(1);
        var lengths = Enumerable.Range(0, 5000).Select(_ => (int)Math.Exp(random.NextDouble() * 12)).ToList();
        var histogram = Histogram(lengths);
        var sorted = lengths.Order().ToList();
        Assert.Equal((5000, sorted[0], sorted[^1], lengths.Sum(length => (long)length)), (histogram.Count, histogram.Shortest, histogram.Longest, histogram.Sum));
        Assert.All((int[])[0, 1, 255, 2047, 2048, 2050, 4096, 8192, 65_536, 131_072], limit => Assert.Equal(lengths.Count(length => length > limit), histogram.Longer(limit)));
        Assert.All((double[])[0, 0.01, 0.5, 0.9, 0.99, 1], share =>
        {
            var exact = sorted[Math.Max(0, (int)Math.Ceiling(share * 5000) - 1)];
            Assert.InRange(histogram.Quantile(share), exact, exact + (exact / 1000.0));
        });
        Assert.True(histogram.Lengths.Count < 5000);
    }

    [Fact]
    public void Bars_hold_every_text_once()
    {
        var histogram = Histogram([0, 0, 3, 17, 99, 100, 101, 5_000]);
        var bars = histogram.Bars(10);
        Assert.Equal(8, bars.Sum(bar => bar.Count));
        Assert.Equal(0, bars[0].From);
        Assert.All(bars.Zip(bars.Skip(1)), pair => Assert.Equal(pair.First.To + 1, pair.Second.From));
        Assert.Empty(Histogram([]).Bars());
    }

    [Fact]
    public void Repeated_rows_and_prompts_overlap_and_turns_are_counted()
    {
        Example[] rows = [new("Say hi.", "Hi."), new("Say hi.", "Hello."), new("Say hi.", "Hi."), new("Say hi.", "Hi.", "Be kind."), new("Count.", " ")];
        var statistics = DatasetStatistics.Of(rows, [new("  say   HI. ", "x"), new("Never asked.", "y")]);
        Assert.Equal((5, 2), (statistics.Rows, statistics.HeldOutRows));
        Assert.Equal((1, 2), (statistics.DuplicateRows, statistics.DuplicatePrompts));
        Assert.Equal((1, 1), (statistics.HeldOutOverlap, statistics.EmptyAnswers));
        Assert.Equal([new(2, 4), new(3, 1)], statistics.Turns);
        Assert.Contains(DatasetFindings.Of(statistics), finding => finding.Warning && finding.Message.StartsWith("1 of 2 held-out prompts also occurs", StringComparison.Ordinal));
    }

    [Fact]
    public void Near_duplicates_are_found_and_unlike_rows_are_not()
    {
        var random = new Random(2);
        var words = Enumerable.Range(0, 2000).Select(i => $"word{i}").ToArray();
        string Text() => string.Join(' ', Enumerable.Range(0, 120).Select(_ => words[random.Next(words.Length)]));
        var rows = Enumerable.Range(0, 200).Select(_ => new Example(Text(), Text())).ToList();
        // Three words of 240 changed: at most 9 of 238 shingles lost on either side, a similarity of at least 0.92.
        var near = rows.Take(30).Select(row => row with { Response = row.Response.Replace(' ' + row.Response.Split(' ')[50] + ' ', " changed ", StringComparison.Ordinal).ToUpperInvariant() });
        Assert.Equal(30, DatasetStatistics.Of([.. rows, .. near]).NearDuplicateRows);
        Assert.Equal(0, DatasetStatistics.Of(rows).NearDuplicateRows);
    }

    /// <summary>The estimate's standard error is 0.05 at the threshold, so 0.95 and 0.6 are three of them or more away.</summary>
    [Fact]
    public void The_threshold_is_on_the_shingles_in_common()
    {
        var text = Enumerable.Range(0, 400).Select(i => $"w{i * 7919 % 100003}").ToArray();
        int Near(int changed) => DatasetStatistics.Of([new(string.Join(' ', text), "same"), new(string.Join(' ', text.Select((word, i) => i < changed ? word + "x" : word)), "same")]).NearDuplicateRows;
        Assert.Equal(1, Near(8)); // 0.95
        Assert.Equal(0, Near(110)); // 0.56
    }

    [Fact]
    public void Token_lengths_are_those_of_the_encoder_and_cuts_are_counted()
    {
        var rows = DatasetReader.Read(SampleFolder("dataset/held-out.jsonl")).ToList();
        var encoder = ConversationEncoder.Load(Model);
        var tokens = TokenStatistics.Of(rows, rows.Count, encoder);
        var encoded = rows.ConvertAll(encoder.Encode);
        Assert.Equal(rows.Count, tokens.Rows);
        Assert.Equal(encoded.Sum(row => row.Prompt.Length), tokens.Prompt.Sum);
        var limit = tokens.Total.Median;
        var cut = ConversationEncoder.Load(Model, maxLength: limit);
        Assert.Equal(rows.Count(row => cut.Encode(row).AnswerCut), tokens.CutAnswers(limit));
        Assert.Contains(DatasetFindings.Of(tokens, new LengthLimits(int.MaxValue, limit, int.MaxValue)), finding => finding.Warning && finding.Message.Contains($"longer than {limit} tokens", StringComparison.Ordinal));
        Assert.Empty(DatasetFindings.Of(tokens, new LengthLimits(4096, 4096, 4096)));
    }

    [Fact]
    public void Of_many_rows_an_even_part_is_encoded_and_said_so()
    {
        var rows = Enumerable.Range(0, 1000).Select(i => new Example($"Prompt {i}", "Answer"));
        var tokens = TokenStatistics.Of(rows, 1000, ConversationEncoder.Load(Model), most: 100);
        Assert.Equal((100, 1000), (tokens.Rows, tokens.OfRows));
        Assert.Contains(DatasetFindings.Of(tokens, new LengthLimits(512, 1024, 256)), finding => finding.Message.Contains("100 rows, taken evenly from 1,000", StringComparison.Ordinal));
    }

    [Fact]
    public void Statistics_survive_being_written_down()
    {
        var statistics = DatasetStatistics.Of([new("a", "b"), new("a", "b", "c")], [new("d", "e")]);
        var json = JsonSerializer.Serialize(statistics, RunJson.Line);
        var read = JsonSerializer.Deserialize<DatasetStatistics>(json, RunJson.Line)!;
        Assert.Equal(json, JsonSerializer.Serialize(read, RunJson.Line));
        Assert.Equal(statistics.PromptCharacters.Median, read.PromptCharacters.Median);
        Assert.Equal(1, read.Turns[3]);
    }

    [Fact]
    public void It_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        var rows = Enumerable.Range(0, 100).Select(i =>
        {
            if (i == 10)
                stop.Cancel();
            return new Example($"{i}", "a");
        });
        Assert.Throws<OperationCanceledException>(() => DatasetStatistics.Of(rows, cancellation: stop.Token));
    }

    private static string SampleFolder(string name) => Checkout.In("samples", name);

    private static LengthHistogram Histogram(IEnumerable<int> lengths)
    {
        var counting = new LengthCounting();
        foreach (var length in lengths)
            counting.Add(length);
        return counting.Histogram();
    }
}
