using System.Text;
using SpinStudio.Engine.Datasets;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

public sealed class DatasetReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Examples_are_read_in_order()
    {
        var path = _folder.Write("x.jsonl", "\uFEFF{\"prompt\": \"Ä\", \"response\": \"1\", \"system\": \"s\"}\r\n\r\n  \n{\"prompt\": \"b\", \"response\": \"2\", \"other\": 5}");
        Assert.Equal([new Example("Ä", "1", "s"), new Example("b", "2")], DatasetReader.Read(path));
    }

    [Theory]
    [InlineData("{\"prompt\": \"P\"}", "line 2: no response")]
    [InlineData("{\"response\": \"R\"}", "line 2: no prompt")]
    [InlineData("{\"prompt\": 5, \"response\": \"R\"}", "line 2: not a JSON object with prompt and response as text")]
    [InlineData("null", "line 2: must be a JSON object, not null")]
    [InlineData("{\"prompt\": \"P\", \"response\": \"\\ud800\"}", "line 2: ")]
    [InlineData("{\"prompt\": \"P\", \"response\": \"R", "line 2: not a JSON object")]
    public void A_bad_line_is_numbered(string line, string expected)
    {
        var path = _folder.Write("x.jsonl", "{\"prompt\": \"P\", \"response\": \"R\"}\n" + line);
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => DatasetReader.Read(path).ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Torn_utf8_is_numbered()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"prompt\": \"P\", \"response\": \"?\"}");
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xE2;
        var path = _folder.Write("x.jsonl", bytes);
        Assert.Contains("line 1: not valid UTF-8", Assert.Throws<BadInputException>(() => DatasetReader.Read(path).ToList()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n \n")]
    public void An_empty_dataset_is_refused(string content)
    {
        var path = _folder.Write("x.jsonl", content);
        Assert.Contains("is empty", Assert.Throws<BadInputException>(() => DatasetReader.Read(path).ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused_at_once() => Assert.Throws<BadInputException>(() => DatasetReader.Read(_folder.In("none")));

    [Fact]
    public void A_line_beyond_the_limit_is_refused()
    {
        var path = _folder.Write("x.jsonl", new string('x', DatasetLimits.RowBytes + 1));
        Assert.Contains("line 1: longer than", Assert.Throws<BadInputException>(() => DatasetReader.Read(path).ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_any_length_around_the_buffer_are_cut_rightly()
    {
        var random = new Random(2);
        for (var round = 0; round < 30; round++)
        {
            var lines = Enumerable.Range(0, random.Next(1, 8)).Select(_ => new string((char)('a' + random.Next(26)), random.Next(4) == 0 ? random.Next(200_000) : random.Next(50))).ToList();
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join(random.Next(2) == 0 ? "\n" : "\r\n", lines) + "\n"));
            var read = LineReader.Read(stream, 100_000).Select(line => line.TooLong ? "long" : Encoding.UTF8.GetString(line.Bytes.Span)).ToList();
            Assert.Equal(lines.Select(line => line.Length > 100_000 ? "long" : line), read);
        }
    }

    [Fact]
    public void A_held_out_split_depends_on_the_prompt_alone()
    {
        var examples = Enumerable.Range(0, 2000).Select(i => new Example($"p{i}", "r")).ToList();
        var (train, heldOut) = HeldOutSplit.Of(examples, 0.1);
        Assert.Equal(2000, train.Count + heldOut.Count);
        Assert.InRange(heldOut.Count, 150, 250);
        // Half of the data, in another order: each prompt stays on its side.
        var (trainAgain, heldOutAgain) = HeldOutSplit.Of(Enumerable.Reverse(examples).Where((_, i) => i % 2 == 0), 0.1);
        Assert.Subset(train.ToHashSet(), trainAgain.ToHashSet());
        Assert.Subset(heldOut.ToHashSet(), heldOutAgain.ToHashSet());
        Assert.Empty(HeldOutSplit.Of(examples, 0).HeldOut);
    }

    public void Dispose() => _folder.Dispose();
}
