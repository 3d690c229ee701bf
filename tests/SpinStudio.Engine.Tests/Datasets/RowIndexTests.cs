using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

public sealed class RowIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(512)]
    [InlineData(3000)]
    public void Any_row_is_read_as_it_is(int rows)
    {
        var lines = Enumerable.Range(0, rows).Select(i => $"row {i} {new string('ä', i % 50)}").ToList();
        var path = _folder.Write("x.jsonl", string.Concat(lines.Select(line => line + "\n")));
        Assert.All(Enumerable.Range(0, rows).Where(row => row % 17 == 0 || row % 256 is 0 or 1 or 255), row => Assert.Equal(lines.Skip(row).Take(3), Read(path, row).Take(3)));
        Assert.Empty(Read(path, rows));
        Assert.Empty(Read(path, rows + 10_000));
    }

    [Fact]
    public void A_stale_or_torn_index_is_made_anew()
    {
        var path = _folder.Write("x.jsonl", "a\nb\n");
        Assert.Equal("b", Read(path, 1).Single());
        File.AppendAllText(path, "c\n");
        Assert.Equal("c", Read(path, 2).Single());
        File.WriteAllBytes(RowIndex.PathOf(path), [1, 2]);
        Assert.Equal("c", Read(path, 2).Single());
    }

    [Fact]
    public void A_search_ends_at_its_matches_or_its_time_and_goes_on_from_there()
    {
        var path = Rows(1000, i => new Example($"prompt {i}", i % 100 == 7 ? "Found É here" : "no"));
        var first = RowSearch.Find(path, "found é", 0, 3, TimeSpan.FromMinutes(1));
        Assert.Equal([7, 107, 207], first.Rows.Select(match => match.Row));
        var rest = RowSearch.Find(path, "found é", first.Next!.Value, 100, TimeSpan.FromMinutes(1));
        Assert.Equal([307, 407, 507, 607, 707, 807, 907], rest.Rows.Select(match => match.Row));
        Assert.Null(rest.Next);
        Assert.NotNull(RowSearch.Find(path, "found", 0, 100, TimeSpan.Zero).Next);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => RowSearch.Find(path, "found", 0, 100, TimeSpan.FromMinutes(1), stop.Token));
    }

    [Theory]
    [InlineData("say \"hi\"")]
    [InlineData("back\\slash")]
    [InlineData("two\nlines")]
    [InlineData("<b>&'+`")]
    [InlineData("🦊 fox")]
    [InlineData("Straße")]
    [InlineData("PLAIN")]
    public void A_text_is_found_however_json_writes_it(string text)
    {
        var path = Rows(3, i => new Example("p", i == 1 ? $"before {text.ToLowerInvariant()} after" : "no"));
        Assert.Equal([1], RowSearch.Find(path, text, 0, 10, TimeSpan.FromMinutes(1)).Rows.Select(match => match.Row));
        Assert.Empty(RowSearch.Find(path, "response", 0, 10, TimeSpan.FromMinutes(1)).Rows);
    }

    [Fact]
    public void A_sample_is_of_its_size_in_order_and_the_seed_s_own()
    {
        var rows = Enumerable.Range(0, 1000).Select(i => new Example($"{i:0000}", "a")).ToList();
        var sample = Derivation.Sample(rows, 1000, 100, 7).Select(row => row.Prompt).ToList();
        Assert.Equal(100, sample.Distinct().Count());
        Assert.Equal(sample.Order(), sample);
        Assert.Equal(sample, Derivation.Sample(rows, 1000, 100, 7).Select(row => row.Prompt));
        Assert.NotEqual(sample, Derivation.Sample(rows, 1000, 100, 8).Select(row => row.Prompt));
        Assert.Equal(1000, Derivation.Sample(rows, 1000, 5000, 7).Count());
    }

    [Fact]
    public void A_split_keeps_a_prompt_on_one_side_and_holds_its_share()
    {
        var rows = Enumerable.Range(0, 20_000).Select(i => new Example($"{i / 2}", $"{i}")).ToList();
        var heldOut = rows.Where(row => Derivation.IsHeldOut(row, 0.1, 1)).ToList();
        Assert.InRange(heldOut.Count, 1800, 2200); // 4.7 standard deviations of 10,000 prompts
        Assert.Equal(heldOut.Count, 2 * heldOut.DistinctBy(row => row.Prompt).Count());
        Assert.NotEqual(heldOut, rows.Where(row => Derivation.IsHeldOut(row, 0.1, 2)));
        Assert.All(rows, row => Assert.False(Derivation.IsHeldOut(row, 0, 1)));
    }

    [Fact]
    public void The_first_of_equal_rows_stays()
    {
        Example[] rows = [new("a", "1"), new("a", "1"), new("a", "2"), new("b", "1"), new("c", "1")];
        Assert.Equal([rows[0], rows[2], rows[3]], Derivation.Distinct(rows, byPrompt: false, except: [new("c", "other")]));
        Assert.Equal([rows[0], rows[3], rows[4]], Derivation.Distinct(rows, byPrompt: true, except: []));
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> Read(string path, int first) => RowIndex.Read(path, first).Select(line => Encoding.UTF8.GetString(line.Span));

    private string Rows(int count, Func<int, Example> row) =>
        _folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(row(i), RunJson.Line) + "\n")));
}
