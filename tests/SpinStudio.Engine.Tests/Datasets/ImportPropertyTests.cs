using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Engine.Tests.Tokenization;

namespace SpinStudio.Engine.Tests.Datasets;

/// <summary>What holds for every file, on thousands made at random with a seed: whole ones come out as they went in, damaged ones are imported whole or leave nothing.</summary>
public sealed class ImportPropertyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("x.jsonl")]
    [InlineData("x.json")]
    [InlineData("x.csv")]
    [InlineData("x.tsv")]
    public void What_is_written_is_imported_as_it_is(string name)
    {
        var random = new Random(21);
        for (var i = 0; i < 200; i++)
        {
            var examples = Enumerable.Range(0, random.Next(1, 6)).Select(_ => new Example(Text(random), Text(random), random.Next(3) == 0 ? Text(random) : null)).ToList();
            _folder.Write(name, Encoding.UTF8.GetBytes((random.Next(4) == 0 ? "\uFEFF" : "") + Written(name, examples, random)));
            var report = DatasetImport.Import(_folder.In(name), name, _folder.In("out.jsonl"));
            Assert.True(report.Imported, $"file {i}: {string.Join("; ", report.Errors)}");
            Assert.Equal(examples, DatasetReader.Read(_folder.In("out.jsonl")));
        }
    }

    [Theory]
    [InlineData("x.jsonl")]
    [InlineData("x.json")]
    [InlineData("x.csv")]
    [InlineData("x.tsv")]
    public void A_damaged_file_is_imported_whole_or_leaves_nothing(string name)
    {
        var random = new Random(22);
        var (imported, refused) = (0, 0);
        for (var i = 0; i < 400; i++)
        {
            var examples = Enumerable.Range(0, 4).Select(_ => new Example(Text(random), Text(random))).ToList();
            var bytes = Damaged(Encoding.UTF8.GetBytes(Written(name, examples, random)), random);
            _folder.Write(name, bytes);
            try
            {
                var report = DatasetImport.Import(_folder.In(name), name, _folder.In("out.jsonl"));
                Assert.Equal(report.Imported, File.Exists(_folder.In("out.jsonl")));
                Assert.All(report.Errors, error => Assert.InRange(error.Row, 1, bytes.Count(b => b == '\n') + 10));
                Assert.All(report.Errors, error => Assert.DoesNotContain('\n', error.Message));
                if (report.Imported)
                    Assert.Equal(report.Rows, DatasetReader.Read(_folder.In("out.jsonl")).Count());
                imported += report.Imported ? 1 : 0;
            }
            catch (BadInputException e)
            {
                Assert.NotEmpty(e.Message);
                refused++;
            }
            File.Delete(_folder.In("out.jsonl"));
            Assert.Equal([name], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
        }
        Assert.True(imported > 0 && imported + refused < 400, $"{imported} imported, {refused} refused");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Any text that is one: of many scripts, with quotes, delimiters and line breaks, not blank.</summary>
    private static string Text(Random random)
    {
        var text = TokenizerTests.RandomText(random, random.Next(1, 12)) + new[] { "", "\"", ",", "\n", "\t", "]}", "'\"", "\\", " ", "=1+1" }[random.Next(10)] + "x";
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace("\r", "", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal);
    }

    private static string Written(string name, List<Example> examples, Random random) => Path.GetExtension(name) switch
    {
        ".jsonl" => string.Concat(examples.Select(example => Json(example) + (random.Next(2) == 0 ? "\n" : "\r\n"))),
        ".json" => $"[{string.Join(random.Next(2) == 0 ? "," : " ,\n ", examples.Select(Json))}]\n",
        ".csv" => Table(',', examples),
        _ => Table('\t', examples),
    };

    private static string Json(Example example) => JsonSerializer.Serialize(new { prompt = example.Prompt, response = example.Response, system = example.System });

    private static string Table(char separator, List<Example> examples) =>
        string.Concat(examples.Select(example => new[] { example.Prompt, example.Response, example.System ?? "" }).Prepend(["prompt", "response", "system"])
            .Select(cells => string.Join(separator, cells.Select(cell => $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")) + "\n"));

    /// <summary>Cuts the end off, exchanges, doubles or drops bytes.</summary>
    private static byte[] Damaged(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var hits = random.Next(1, 5); hits > 0 && bytes.Count > 1; hits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, bytes[random.Next(bytes.Count)]);
                    break;
                default:
                    bytes[at] = "{}[]\",:\\\n\r\t\0\u00FF\u00C3 x1"u8[random.Next(18)];
                    break;
            }
        }
        return [.. bytes];
    }
}
