using System.IO.Compression;
using System.Text;
using SpinStudio.Engine.Datasets;

namespace SpinStudio.Cli.Tests;

public sealed class ImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_recognised_file_becomes_a_dataset()
    {
        _folder.Write("gsm8k.jsonl", """{"question": "What is 3 + 4?", "answer": "3 + 4 = 7\n#### 7"}""" + "\n");
        var told = (await ImportAsync("gsm8k.jsonl")).Success();
        Assert.Contains("1 examples, question and answer", told, StringComparison.Ordinal);
        Assert.Equal([new Example("What is 3 + 4?", "3 + 4 = 7\n#### 7")], DatasetReader.Read(_folder["out.jsonl"]));
    }

    [Fact]
    public async Task Columns_are_named_and_packed_files_unpacked()
    {
        await using (var gzip = new GZipStream(File.Create(_folder["support.csv.gz"]), CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes("Frage,Antwort,Nummer\n\"Wie, bitte?\",So.,1\n"));
        Assert.Contains("say with --prompt and --response, or with --messages, which of its columns are: 'Frage', 'Antwort', 'Nummer'", (await ImportAsync("support.csv.gz")).Refusal(), StringComparison.Ordinal);
        var told = (await ImportAsync("support.csv.gz", "--prompt", "Frage", "--response", "Antwort")).Success();
        Assert.Contains("columns not used: Nummer", told, StringComparison.Ordinal);
        Assert.Equal([new Example("Wie, bitte?", "So.")], DatasetReader.Read(_folder["out.jsonl"]));
        Assert.Equal(["out.jsonl", "support.csv.gz"], Directory.EnumerateFiles(_folder.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bad_rows_are_one_line_with_their_numbers_unless_they_are_skipped()
    {
        _folder.Write("rows.jsonl", "{\"prompt\": \"P\", \"response\": \"R\"}\n{\"prompt\": \"P\"}\n");
        Assert.Contains("1 bad rows, so nothing was imported (row 2: no response)", (await ImportAsync("rows.jsonl")).Refusal(), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.jsonl"]));
        Assert.Contains("1 bad rows are left out", (await ImportAsync("rows.jsonl", "--skip-bad-rows")).Success(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_one_line() => Assert.Contains("not found", (await ImportAsync("none.jsonl")).Refusal(), StringComparison.Ordinal);

    private Task<Spinstudio.Outcome> ImportAsync(string name, params string[] more) => Spinstudio.Run(["import", _folder[name], "--out", _folder["out.jsonl"], .. more]);
}
