using System.IO.Compression;
using System.Text.Json.Nodes;

namespace SpinStudio.Cli.Tests;

public sealed class ConvertTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pairs_become_parquet_and_parquet_becomes_json_lines()
    {
        _folder.Write("pairs.jsonl", """{"index":0,"prompt_id":"a","prompt":"p","real":"r","generated":"g"}""" + "\n");
        (await Spinstudio.Run("convert", _folder["pairs.jsonl"], "--out", _folder["pairs.parquet"])).Success();
        var told = (await Spinstudio.Run("convert", _folder["pairs.parquet"], "--out", _folder["rows.jsonl"])).Success();
        Assert.StartsWith("1 rows in ", told, StringComparison.Ordinal);
        Assert.Equal("g", (string)JsonNode.Parse(await File.ReadAllTextAsync(_folder["rows.jsonl"]))!["generated"]![1]!["content"]!);
    }

    [Fact]
    public async Task What_grows_beyond_the_limit_is_refused_and_leaves_nothing()
    {
        await using (var gzip = new GZipStream(File.Create(_folder["stored-under-an-id"]), CompressionLevel.SmallestSize))
            for (var i = 0; i < 20_000; i++)
                gzip.Write("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n"u8);
        var refusal = (await Spinstudio.Run("convert", _folder["stored-under-an-id"], "--name", "bomb.jsonl.gz", "--out", _folder["rows.jsonl"], "--most-bytes", "100000")).Refusal();
        Assert.Contains("larger than", refusal, StringComparison.Ordinal);
        Assert.Equal([_folder["stored-under-an-id"]], Directory.EnumerateFiles(_folder.Root));
    }

    [Fact]
    public async Task Plain_text_is_refused_with_what_is_read() =>
        Assert.Contains("neither Parquet nor packed", (await Spinstudio.Run("convert", _folder.Write("a.jsonl", "{}\n"), "--out", _folder["b.jsonl"])).Refusal(), StringComparison.Ordinal);
}
