using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization.Parity;

/// <summary>Every id and every decoded text equals that of Hugging Face's tokenizers, under real tokenizer files and under changed copies of them.</summary>
[Collection(TokenizerFiles.Shared)]
public sealed class TokenizerParityTests(TokenizerFiles files)
{
    [Theory]
    [InlineData("llama2", 12_000)]
    [InlineData("llama3_1", 12_000)]
    [InlineData("qwen3", 12_000)]
    [InlineData("gpt4o", 12_000)]
    [InlineData("deepseek_v3", 12_000)]
    [InlineData("metaspace-first", 1200)]
    [InlineData("metaspace-always-split", 1200)]
    [InlineData("metaspace-never", 1200)]
    [InlineData("metaspace-decoder", 1200)]
    [InlineData("unknown-fused", 1200)]
    [InlineData("unknown-single", 1200)]
    [InlineData("flags-sentencepiece", 1200)]
    [InlineData("flags-bytes", 1200)]
    [InlineData("spaces-with-previous", 1200)]
    [InlineData("spaces-with-next", 1200)]
    [InlineData("spaces-removed", 1200)]
    [InlineData("letters-kept", 1200)]
    [InlineData("letters-contiguous", 1200)]
    [InlineData("others-with-previous", 1200)]
    [InlineData("digits-punctuation", 1200)]
    [InlineData("punctuation-isolated", 1200)]
    [InlineData("prefix-space", 1200)]
    public void Ids_and_decoded_texts_equal_those_of_the_original(string name, int expectedLines)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(files.Out, name));
        var lines = File.ReadLines(Path.Combine(files.Out, name + ".jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Ints(lines[0].GetProperty("around")), tokenizer.Encode("Hello", addSpecial: true));
        var differences = new List<string>();
        foreach (var line in lines.Skip(1))
        {
            var ids = Ints(line.GetProperty("ids"));
            if (line.TryGetProperty("text", out var text) && !tokenizer.Encode(text.GetString()!).SequenceEqual(ids))
                differences.Add($"encode {text}: [{string.Join(" ", tokenizer.Encode(text.GetString()!))}] instead of [{string.Join(" ", ids)}]");
            foreach (var (key, skip) in new[] { ("plain", true), ("full", false) })
            {
                var expected = line.GetProperty(key).GetString()!;
                if (tokenizer.Decode(ids, skip) != expected)
                    differences.Add($"decode {key} [{string.Join(" ", ids)}]: {JsonSerializer.Serialize(tokenizer.Decode(ids, skip))} instead of {JsonSerializer.Serialize(expected)}");
            }
            if (Streamed(tokenizer, ids) is var streamed && streamed != line.GetProperty("plain").GetString())
                differences.Add($"stream [{string.Join(" ", ids)}]: {JsonSerializer.Serialize(streamed)}");
        }
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n" + string.Join("\n", differences.Take(12)));
        Assert.Equal(expectedLines, lines.Count - 1);
    }

    /// <summary>
    /// The JavaScript code gives the same on the real files, with two exceptions: it does not take the long s for an s in contractions ('ſ), and it decodes torn byte
    /// tokens by the bytes that are whole, where the original gives up the whole run.
    /// </summary>
    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    [InlineData("gpt4o")]
    [InlineData("deepseek_v3")]
    public void The_JavaScript_implementation_differs_in_two_ways_only(string name)
    {
        var lines = File.ReadLines(Path.Combine(files.Out, name + ".jsonl")).Skip(1).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var texts = lines.Where(line => line.TryGetProperty("text", out _)).ToList();
        Assert.True(texts.Count >= 10_000);
        Assert.All(texts.Where(line => line.TryGetProperty("jsIds", out _)), line => Assert.Contains("'\u017F", line.GetProperty("text").GetString()!, StringComparison.Ordinal));
        Assert.DoesNotContain(texts, line => line.TryGetProperty("jsFull", out _));
        Assert.All(lines.Where(line => line.TryGetProperty("jsFull", out _)), line =>
        {
            Assert.Equal("llama2", name);
            Assert.Contains('\uFFFD', line.GetProperty("full").GetString()!);
        });
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("metaspace-first")]
    [InlineData("deepseek_v3")]
    [InlineData("flags-sentencepiece")]
    [InlineData("flags-bytes")]
    public void No_text_becomes_a_control_token_once_it_is_plain(string name)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(files.Out, name));
        var found = 0;
        foreach (var line in File.ReadLines(Path.Combine(files.Out, name + ".jsonl")).Skip(1).Take(1000))
        {
            var text = JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!;
            found += tokenizer.Encode(text).Count(tokenizer.IsSpecial);
            var ids = tokenizer.EncodePlain(text);
            Assert.DoesNotContain(ids, tokenizer.IsSpecial);
            if (name == "deepseek_v3")
                Assert.Equal(text, tokenizer.Decode(ids));
        }
        Assert.True(found > 50);
    }

    private static string Streamed(Tokenizer tokenizer, int[] ids)
    {
        var stream = tokenizer.StreamDecoder();
        var text = new StringBuilder();
        foreach (var id in ids)
            text.Append(stream.Append(id));
        return text.Append(stream.Flush()).ToString();
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
}
