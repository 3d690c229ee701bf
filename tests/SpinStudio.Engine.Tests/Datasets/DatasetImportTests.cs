using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Datasets.Import;
using Xunit;

namespace SpinStudio.Engine.Tests.Datasets;

public sealed class DatasetImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("prompt and response", """{"prompt": "P", "response": "R"}""")]
    [InlineData("prompt and completion", """{"prompt": "P", "completion": "R"}""")]
    [InlineData("question and answer", """{"Question": "P", " Answer ": "R", "id": 7}""")]
    [InlineData("input and output", """{"input": "P", "output": "R"}""")]
    [InlineData("instruction and output", """{"instruction": "P", "output": "R"}""")]
    [InlineData("Alpaca", """{"instruction": "P", "input": "", "output": "R"}""")]
    [InlineData("messages", """{"messages": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}, {"role": "user", "content": "more"}]}""")]
    [InlineData("messages", """{"messages": [{"role": "assistant", "content": "Hi!"}, {"role": "user", "content": [{"type": "text", "text": "P"}]}, {"role": "assistant", "content": "R"}]}""")]
    [InlineData("ShareGPT", """{"conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "value": "R"}]}""")]
    [InlineData("SPIN (real, generated)", """{"real": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}], "generated": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "x"}]}""")]
    [InlineData("preferences (chosen)", """{"prompt": "P", "chosen": "R", "rejected": "x"}""")]
    [InlineData("preferences (chosen)", """{"chosen": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}], "rejected": []}""")]
    [InlineData("preferences (chosen)", """{"prompt": "P", "chosen": [{"role": "assistant", "content": "R"}], "rejected": []}""")]
    [InlineData("preferences (chosen)", """{"prompt": [{"role": "user", "content": "P"}], "chosen": [{"role": "assistant", "content": "R"}], "rejected": []}""")]
    public void Layouts_are_recognised(string format, string row)
    {
        var report = Import("x.jsonl", row);
        Assert.Equal(format, report.Format?.Name);
        Assert.True(report.Imported, string.Join("; ", report.Errors));
        Assert.Equal(new Example("P", "R"), Assert.Single(Imported()) with { Rejected = null });
    }

    [Fact]
    public void System_messages_checks_and_alpaca_inputs_are_kept()
    {
        Assert.Equal("S", One("""{"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}]}""").System);
        Assert.Equal("S", One("""{"prompt": "P", "response": "R", "system": "S"}""").System);
        Assert.Equal("Do this.\n\nWith that.", One("""{"instruction": "Do this.", "input": "With that.", "output": "R"}""").Prompt);
        Assert.Equal("""{"kind":"sort"}""", One("""{"prompt": "P", "response": "R", "check": {"kind":"sort"}}""").Check?.GetRawText());

        Example One(string row)
        {
            Import("x.jsonl", row);
            return Assert.Single(Imported());
        }
    }

    [Fact]
    public void Bad_rows_are_numbered_and_nothing_is_written()
    {
        var report = Import("x.jsonl", string.Join('\n',
            """{"prompt": "P", "response": "R"}""",
            "",
            """{"prompt": "P"}""",
            """{"prompt": " \n", "response": "R"}""",
            "not json",
            "[1]",
            """{"prompt": "P", "response": {"a": 1}}""",
            """{"prompt": "P", "response": "a\u0000b"}""",
            """{"prompt": "P", "response": "\ud800"}"""));
        Assert.Equal(
            [(3, "no response"), (4, "no prompt"), (5, "not valid JSON"), (6, "must be a JSON object"), (7, "response must be text"), (8, "response holds a NUL character"), (9, "a text holds half of a surrogate pair")],
            report.Errors.Select(error => (error.Row, error.Message.Split([':', ','])[0])).ToArray());
        Assert.Equal(7, report.ErrorCount);
        Assert.False(report.Imported);
        Assert.Equal(["x.jsonl"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Bad_rows_can_be_skipped()
    {
        _folder.Write("x.jsonl", "{\"prompt\": \"P\", \"response\": \"R\"}\nbad\n");
        var report = DatasetImport.Import(_folder.In("x.jsonl"), "x.jsonl", _folder.In("out.jsonl"), skipBadRows: true);
        Assert.True(report.Imported);
        Assert.Equal(1, report.ErrorCount);
        Assert.Single(Imported());
    }

    [Fact]
    public void A_hundred_errors_are_told_and_all_are_counted()
    {
        var report = Import("x.jsonl", "{\"prompt\": \"P\", \"response\": \"R\"}\n" + string.Concat(Enumerable.Repeat("{}\n", 250)));
        Assert.Equal((100, 250), (report.Errors.Count, report.ErrorCount));
    }

    [Fact]
    public void A_table_with_quotes_line_breaks_and_formulas_is_read_as_text()
    {
        var report = Import("x.csv", "\uFEFFprompt,response,note\r\n\"a, \"\"b\"\"\r\nc\",=SUM(A1:A2),\r\n\r\n+1,\"@x\",-2\r\n");
        Assert.True(report.Imported, string.Join("; ", report.Errors));
        Assert.Equal([new Example("a, \"b\"\nc", "=SUM(A1:A2)"), new Example("+1", "@x")], Imported());
        Assert.Equal(["prompt", "response", "note"], report.Columns.Select(column => column.Name));
        Assert.Contains("columns not used: note", report.Warnings);
    }

    [Theory]
    [InlineData("prompt,response\nP\n", 2, "1 cells, but the header has 2")]
    [InlineData("prompt,response\nP,R\nP,R,x\n", 3, "3 cells, but the header has 2")]
    [InlineData("prompt,response\nP,\n", 2, "no response")]
    [InlineData("prompt,response\nP,\"a\"b\n", 2, "a quote stands inside a cell")]
    [InlineData("prompt,response\nP,\"a\nP,b\n", 2, "a quote is opened and never closed")]
    [InlineData("prompt,Prompt\na,b\n", 1, "column 'prompt' is named twice")]
    public void Bad_rows_of_a_table_are_numbered_with_the_header_as_row_1(string csv, int row, string expected)
    {
        var error = Assert.Single(Import("x.csv", csv).Errors);
        Assert.Equal(row, error.Row);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_separate_in_tsv_files_and_where_the_header_says_so()
    {
        Assert.True(Import("x.tsv", "prompt\tresponse\nP, p\tR\n").Imported);
        Assert.Equal(SourceKind.Tsv, Import("x.txt", "prompt\tresponse\nP\tR\n").Kind);
    }

    [Fact]
    public void Columns_are_mapped_by_hand_where_no_layout_is_recognised()
    {
        const string Csv = "ask;no,Frage,Antwort,Rolle\n1,P,R,S\n";
        var unknown = Import("x.csv", Csv);
        Assert.True(unknown.NeedsMapping);
        Assert.False(unknown.Imported);
        Assert.Equal(["P"], unknown.Columns.Single(column => column.Name == "Frage").Examples);

        var report = DatasetImport.Import(_folder.In("x.csv"), "x.csv", _folder.In("out.jsonl"), new ColumnMapping("frage", "Antwort", "Rolle"));
        Assert.True(report.Imported);
        Assert.Equal(new Example("P", "R", "S"), Assert.Single(Imported()));

        var missing = Assert.Throws<BadInputException>(() => DatasetImport.Check(_folder.In("x.csv"), "x.csv", new ColumnMapping("Fragen", "Antwort")));
        Assert.Contains("there is no column 'Fragen'; the file has 'ask;no', 'Frage', 'Antwort', 'Rolle'", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_json_array_is_read_item_by_item()
    {
        var report = Import("x.json", "\uFEFF [ {\"prompt\": \"a]},{\\\"\", \"response\": \"R\"},\n {\"prompt\": \"b\"}, 5, {bad}, {\"prompt\": \"c\", \"response\": \"R\"} ]\n");
        Assert.Equal(SourceKind.JsonArray, report.Kind);
        Assert.Equal([2, 3, 4], report.Errors.Select(error => error.Row));
        Assert.Equal(["a]},{\"", "c"], report.Preview.Select(row => row.Example.Prompt));
        Assert.Equal([1, 5], report.Preview.Select(row => row.Row));
    }

    [Theory]
    [InlineData("[{\"prompt\": \"P\", \"response\": \"R\"}", "not closed")]
    [InlineData("[{\"prompt\": \"P\", \"response\": \"R\"}]]", "after the array comes ']'")]
    [InlineData("[{\"prompt\": \"P\", \"response\": \"R\"},]", "nothing after a comma")]
    [InlineData("[{\"prompt\": \"P\", \"response\": \"R\"},,{}]", "nothing before a comma")]
    public void A_broken_array_is_not_imported(string json, string expected)
    {
        var report = Import("x.json", json);
        Assert.False(report.Imported);
        Assert.Contains(report.Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("PAR1xxxx", "a Parquet file")]
    [InlineData("PK\u0003\u0004", "a zip file or spreadsheet")]
    [InlineData("\u001F\u008B\u0008", "a gzip file")]
    [InlineData("\u00FF\u00FEa\u0000", "UTF-16 text")]
    [InlineData("abc\u0000def", "a binary file")]
    [InlineData("", "x.jsonl is empty")]
    [InlineData(" \n\n", "x.jsonl is empty")]
    public void Other_kinds_of_files_are_named(string start, string expected)
    {
        _folder.Write("x.jsonl", Encoding.Latin1.GetBytes(start));
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => DatasetImport.Check(_folder.In("x.jsonl"), "x.jsonl")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x.jsonl", "{\"prompt\": \"P\", \"response\": \"?\"}\n")]
    [InlineData("x.csv", "prompt,response\nP,?\n")]
    [InlineData("x.json", "[{\"prompt\": \"P\", \"response\": \"?\"}]")]
    public void Torn_utf8_is_a_numbered_error(string name, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xC3;
        _folder.Write(name, bytes);
        Assert.Contains("not valid UTF-8", Assert.Single(DatasetImport.Check(_folder.In(name), name).Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x.jsonl", "", "\n{\"prompt\": \"P\", \"response\": \"R\"}\n")]
    [InlineData("x.json", "[", ",{\"prompt\": \"P\", \"response\": \"R\"}]")]
    public void A_row_beyond_the_limit_is_refused_and_the_next_one_read(string name, string before, string after)
    {
        using (var file = new StreamWriter(_folder.In(name)))
        {
            file.Write(before + "{\"prompt\": \"P\", \"response\": \"");
            for (var i = 0; i < 11; i++)
                file.Write(new string('x', 1 << 20));
            file.Write("\"}" + after);
        }
        var report = DatasetImport.Check(_folder.In(name), name);
        Assert.Equal($"longer than {DatasetLimits.RowBytes} bytes", Assert.Single(report.Errors).Message);
        Assert.Equal(1, report.Rows);
    }

    [Fact]
    public void A_text_beyond_the_limit_is_refused() =>
        Assert.Contains("response has 200001 characters; the limit is 200000",
            Assert.Single(Import("x.jsonl", JsonSerializer.Serialize(new { prompt = "P", response = new string('x', 200_001) })).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_nesting_is_a_bad_row() =>
        Assert.Contains("not valid JSON", Assert.Single(Import("x.jsonl", "{\"prompt\":" + new string('[', 100_000) + new string(']', 100_000) + "}").Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void A_column_of_messages_can_be_chosen_and_may_be_written_as_text()
    {
        _folder.Write("x.csv", "id,talk,kind\n1,\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"Hi\"\"},{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"Hello\"\"}]\",Be kind.\n2,no list,\n");
        var report = DatasetImport.Check(_folder.In("x.csv"), "x.csv", new ColumnMapping(null, null, System: "kind", Messages: "talk"));
        Assert.Equal(new Example("Hi", "Hello", "Be kind."), Assert.Single(report.Preview).Example);
        Assert.Equal(new RowError(3, "messages must be a list, or a list written as JSON"), Assert.Single(report.Errors));
        Assert.Equal(["1", "2"], report.Sample.Select(row => row.Cells[0]));
        Assert.Equal([2, 3], report.Sample.Select(row => row.Row));
    }

    [Theory]
    [InlineData("""{"prompt": "P", "chosen": "R", "rejected": "x"}""", "x")]
    [InlineData("""{"prompt": "P", "response": "R", "rejected": "x"}""", "x")]
    [InlineData("""{"chosen": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}], "rejected": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "x"}]}""", "x")]
    [InlineData("""{"prompt": "P", "chosen": [{"role": "assistant", "content": "R"}], "rejected": [{"role": "assistant", "content": "x"}]}""", "x")]
    [InlineData("""{"prompt": [{"role": "user", "content": "P"}], "chosen": [{"role": "assistant", "content": "R"}], "rejected": [{"role": "assistant", "content": "x"}]}""", "x")]
    [InlineData("""{"prompt": "P", "chosen": "R", "rejected": "R"}""", null)]
    [InlineData("""{"prompt": "P", "chosen": "R", "rejected": 7}""", "7")]
    [InlineData("""{"prompt": "P", "chosen": "R", "rejected": ""}""", null)]
    [InlineData("""{"chosen": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}], "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "x"}]}""", null)]
    public void A_preference_keeps_its_rejected_answer(string row, string? rejected)
    {
        Import("x.jsonl", row);
        Assert.Equal(new Example("P", "R", Rejected: rejected), Assert.Single(Imported()));
    }

    [Fact]
    public void What_follows_the_first_answer_is_left_out_and_said_so()
    {
        var report = Import("x.jsonl", """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"content": "d"}]}""");
        Assert.Equal(new Example("a", "b"), Assert.Single(report.Preview).Example);
        Assert.Contains("1 conversations go on after the first answer; that part is left out", report.Warnings);
        Assert.Equal("messages", report.Format!.Mapping!.Messages);
    }

    [Theory]
    [InlineData(null, null, null, "choose the column that holds the prompt")]
    [InlineData("a", null, null, "choose the column that holds the answer")]
    [InlineData("a", "A", null, "a column can be one thing only")]
    [InlineData("a", null, "b", "a column of messages holds prompt and response itself; leave the others out")]
    public void A_choice_that_makes_no_example_is_refused(string? prompt, string? response, string? messages, string reason)
    {
        _folder.Write("x.csv", "a,b\n1,2\n");
        Assert.Equal(reason, Assert.Throws<BadInputException>(() => DatasetImport.Check(_folder.In("x.csv"), "x.csv", new ColumnMapping(prompt, response, Messages: messages))).Message);
    }

    [Fact]
    public void A_first_look_ends_early_and_says_so()
    {
        _folder.Write("x.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => $"{{\"prompt\": \"{i}\", \"response\": \"R\"}}\n")));
        var look = DatasetImport.Check(_folder.In("x.jsonl"), "x.jsonl", mostRows: 10);
        Assert.Equal((10, true), (look.Rows, look.Partly));
        Assert.False(DatasetImport.Check(_folder.In("x.jsonl"), "x.jsonl", mostRows: 30).Partly);
    }

    [Fact]
    public void Repeated_prompts_are_a_warning()
    {
        var report = Import("x.jsonl", string.Join('\n',
            """{"prompt": "P", "response": "12"}""", """{"prompt": "P", "response": "1234"}""", """{"prompt": "P", "system": "other", "response": "123456"}"""));
        Assert.Equal(3, report.Rows);
        Assert.Contains("1 rows repeat the prompt of an earlier row", report.Warnings);
    }

    [Fact]
    public void The_report_names_hash_and_size_and_progress_ends_at_the_whole()
    {
        var told = new List<ImportProgress>();
        _folder.Write("x.jsonl", string.Concat(Enumerable.Range(0, 3000).Select(i => $"{{\"prompt\": \"P{i}\", \"response\": \"R\"}}\n")));
        var report = DatasetImport.Import(_folder.In("x.jsonl"), "x.jsonl", _folder.In("out.jsonl"), progress: new Told(told));
        var bytes = File.ReadAllBytes(_folder.In("out.jsonl"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), report.Sha256);
        Assert.Equal(bytes.Length, report.Bytes);
        Assert.Equal(20, report.Preview.Count);
        Assert.True(told.Count >= 3);
        Assert.Equal(new ImportProgress(3000, 1), told[^1]);
    }

    [Fact]
    public void A_cancelled_import_leaves_nothing()
    {
        _folder.Write("x.jsonl", "{\"prompt\": \"P\", \"response\": \"R\"}\n");
        Assert.Throws<OperationCanceledException>(() => DatasetImport.Import(_folder.In("x.jsonl"), "x.jsonl", _folder.In("out.jsonl"), cancellation: new CancellationToken(true)));
        Assert.Equal(["x.jsonl"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Random_bytes_never_do_worse_than_a_refusal()
    {
        var random = new Random(11);
        var damage = Encoding.Latin1.GetBytes("{}[]\",:\\\n\0\u00FF x1");
        var seeds = new[] { "{\"prompt\": \"P\", \"response\": \"R\"}\n", "[{\"prompt\": \"P\", \"response\": \"R\"}]", "prompt,response\n\"P\",\"R\"\n", "{\"messages\": [{\"role\": \"user\", \"content\": \"P\"}]}" };
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 400; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(seeds[i % seeds.Length], 3)));
            for (var hits = random.Next(6); hits > 0; hits--)
                bytes[random.Next(bytes.Length)] = damage[random.Next(damage.Length)];
            _folder.Write("x", bytes);
            try
            {
                DatasetImport.Check(_folder.In("x"), "x");
            }
            catch (BadInputException)
            {
                continue;
            }
        }
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1));
    }

    public void Dispose() => _folder.Dispose();

    private ImportReport Import(string name, string content)
    {
        _folder.Write(name, content);
        return DatasetImport.Import(_folder.In(name), name, _folder.In("out.jsonl"));
    }

    private List<Example> Imported() => [.. DatasetReader.Read(_folder.In("out.jsonl"))];

    private sealed class Told(List<ImportProgress> told) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => told.Add(value);
    }
}
