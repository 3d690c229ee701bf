using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tables;

namespace SpinStudio.Engine.Tests.Tables;

public sealed class TableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What DuckDB itself wrote as Parquet, nested messages included, comes out row by row.</summary>
    [Fact]
    public void Parquet_rows_come_out_as_json_lines_with_lists_of_messages()
    {
        var path = Parquet("many.parquet", "SELECT [{role: 'user', content: 'Say ' || i}, {role: 'assistant', content: repeat('ä漢🙂', i::INT % 50) || i}] AS messages, i::INTEGER AS n, NULL AS nothing FROM range(5000) t(i)");
        Assert.True(TableFile.Is(path));
        var file = TableFile.Open(path, "many.parquet");
        Assert.Equal(5000, file.Count());
        var rows = file.Rows().Select(row => JsonNode.Parse(row.Span)!).ToList();
        Assert.Equal(5000, rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.Equal(i, (int)rows[i]["n"]!);
            Assert.Equal($"Say {i}", (string)rows[i]["messages"]![0]!["content"]!);
            Assert.Equal(string.Concat(Enumerable.Repeat("ä漢🙂", i % 50)) + i, (string)rows[i]["messages"]![1]!["content"]!);
        }
    }

    [Fact]
    public void From_parquet_to_a_dataset()
    {
        var path = Parquet("chat.parquet", "SELECT 'Question ' || i AS question, 'Answer ' || i AS answer FROM range(30) t(i)");
        File.WriteAllLines(_folder.In("chat.jsonl"), TableFile.Open(path, "chat.parquet").Rows().Select(row => Encoding.UTF8.GetString(row.Span)));
        var report = DatasetImport.Import(_folder.In("chat.jsonl"), "chat.jsonl", _folder.In("out.jsonl"));
        Assert.True(report.Imported);
        Assert.Equal((30, "question and answer"), (report.Rows, report.Format!.Name));
    }

    [Theory]
    [InlineData("rows.jsonl.gz", "{\"a\":\"x\"}\n{\"a\":\"ü\"}\n")]
    [InlineData("rows.json.gz", "[{\"a\":\"x\"},\n {\"a\":\"ü\"}]")]
    [InlineData("rows.csv.gz", "a,b\nx,1\nü,2\n")]
    [InlineData("rows.tsv.gz", "a\tb\nx\t1\nü\t2\n")]
    public void Gzip_is_unpacked(string name, string text)
    {
        using (var gzip = new GZipStream(File.Create(_folder.In(name)), CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        Assert.Equal(["x", "ü"], TableFile.Open(_folder.In(name), name).Rows().Select(row => (string)JsonNode.Parse(row.Span)!["a"]!));
    }

    [Fact]
    public void Zstandard_is_unpacked()
    {
        Copy("rows.jsonl.zst", "SELECT {a: i} AS x, i FROM range(3) t(i)", "FORMAT json, COMPRESSION zstd");
        Assert.Equal([0, 1, 2], TableFile.Open(_folder.In("rows.jsonl.zst"), "rows.jsonl.zst").Rows().Select(row => (int)JsonNode.Parse(row.Span)!["i"]!));
    }

    [Fact]
    public void Plain_text_needs_no_table()
    {
        Assert.False(TableFile.Is(_folder.Write("plain.jsonl", "{}\n")));
        Assert.False(TableFile.Is(_folder.Write("empty", "")));
    }

    [Fact]
    public void A_damaged_or_unnamed_file_is_refused_in_one_line()
    {
        var path = Parquet("whole.parquet", "SELECT 'x' || i AS a FROM range(100) t(i)");
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(_folder.In("torn.parquet"), bytes[..^20]);
        var torn = Assert.Throws<BadInputException>(() => TableFile.Open(_folder.In("torn.parquet"), "torn.parquet").Rows().Count());
        Assert.DoesNotContain('\n', torn.Message);
        using (var gzip = new GZipStream(File.Create(_folder.In("rows.gz")), CompressionLevel.Fastest))
            gzip.Write("{}"u8);
        Assert.Contains("name it like rows.jsonl.gz", Assert.Throws<BadInputException>(() => TableFile.Open(_folder.In("rows.gz"), "rows.gz")).Message, StringComparison.Ordinal);
    }

    /// <summary>Every torn or flipped Parquet file either reads or is refused in words; nothing else is thrown and nothing crashes.</summary>
    [Fact]
    public void Damaged_parquet_never_does_more_than_fail()
    {
        var bytes = File.ReadAllBytes(Parquet("seed.parquet", "SELECT i, repeat('text ', i::INT % 7) AS a, [i, i + 1] AS list FROM range(300) t(i)"));
        var random = new Random(5);
        for (var round = 0; round < 60; round++)
        {
            var damaged = bytes.ToArray();
            for (var hits = random.Next(1, 6); hits > 0; hits--)
                damaged[random.Next(4, damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_folder.In("damaged.parquet"), damaged);
            try
            {
                _ = TableFile.Open(_folder.In("damaged.parquet"), "damaged.parquet").Rows().Count();
            }
            catch (BadInputException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public void Other_files_cannot_be_reached()
    {
        var secret = _folder.Write("secret.txt", "secret");
        using var database = new DuckDb([_folder.In("allowed.parquet")]);
        Assert.Throws<BadInputException>(() => database.Texts($"SELECT content FROM read_text({DuckDb.Quoted(secret)})").ToList());
        Assert.Throws<BadInputException>(() => database.Execute($"COPY (SELECT 1) TO {DuckDb.Quoted(_folder.In("elsewhere.csv"))}"));
        Assert.Throws<BadInputException>(() => database.Execute("SET enable_external_access = true"));
        Assert.Throws<BadInputException>(() => database.Execute("INSTALL httpfs"));
        Assert.Throws<BadInputException>(() => database.Execute($"ATTACH {DuckDb.Quoted(_folder.In("db"))} AS other"));
    }

    [Fact]
    public void Pairs_go_out_in_the_official_layout_and_come_back()
    {
        object[] pairs =
        [
            new { index = 0, prompt_id = "a", prompt = "What's 1+1?", real = "Two.", generated = "Three\nor four", generated_ids = new[] { 1, 2 } },
            new { index = 1, prompt_id = "b", system = "Be \"kind\".", prompt = "ä", real = "🙂", generated = "" },
        ];
        var source = _folder.Write("pairs.jsonl", string.Concat(pairs.Select(pair => JsonSerializer.Serialize(pair, RunJson.Line) + "\n")));
        PairsParquet.Write(source, _folder.In("pairs.parquet"));

        string[] expected =
        [
            """{"real":[{"role":"user","content":"What's 1+1?"},{"role":"assistant","content":"Two."}],"generated":[{"role":"user","content":"What's 1+1?"},{"role":"assistant","content":"Three\nor four"}]}""",
            """{"real":[{"role":"system","content":"Be \"kind\"."},{"role":"user","content":"ä"},{"role":"assistant","content":"🙂"}],"generated":[{"role":"system","content":"Be \"kind\"."},{"role":"user","content":"ä"},{"role":"assistant","content":""}]}""",
        ];
        var rows = TableFile.Open(_folder.In("pairs.parquet"), "pairs.parquet").Rows().Select(row => JsonNode.Parse(row.Span)!).ToList();
        Assert.Equal(expected.Length, rows.Count);
        Assert.All(rows.Zip(expected), pair => Assert.True(JsonNode.DeepEquals(pair.First, JsonNode.Parse(pair.Second)), pair.First.ToJsonString()));
        Assert.False(File.Exists(_folder.In("pairs.parquet.partial")));
    }

    private string Parquet(string name, string query)
    {
        Copy(name, query, "FORMAT parquet");
        return _folder.In(name);
    }

    private void Copy(string name, string query, string options)
    {
        using var database = new DuckDb([_folder.In(name)]);
        database.Execute($"COPY ({query}) TO {DuckDb.Quoted(_folder.In(name))} ({options})");
    }
}
