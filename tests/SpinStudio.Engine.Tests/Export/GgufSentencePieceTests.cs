using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Export;

/// <summary>SentencePiece's scores say less than a list of merges can: what they cannot say is refused by name.</summary>
public sealed class GgufSentencePieceTests : IDisposable
{
    private const string FirstOnly = """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plain_tokenizer_is_written()
    {
        Write(_ => { });
        Assert.True(GgufWriter.Open(_folder.In("model"), GgufType.F32, "tiny").Length > 0);
    }

    [Theory]
    [InlineData("no bytes", "without a token for each byte")]
    [InlineData("ignore_merges", "ignore_merges in a SentencePiece-style tokenizer")]
    [InlineData("missing merge", "no merge makes 'abc' of 'a' and 'bc', but llama.cpp would")]
    [InlineData("scattered merges", "the merges that make 'abc' do not follow one another")]
    [InlineData("always", "Metaspace with prepend_scheme 'always' puts no mark before a text that starts with a space")]
    [InlineData("first", "Metaspace with prepend_scheme 'first' is not known to llama.cpp where no control token opens the conversation")]
    [InlineData("digits", "pre_tokenizer [Digits, Metaspace] is not known to llama.cpp")]
    [InlineData("lstrip", "added token '</s>' is lstrip, which llama.cpp does not know")]
    public void What_llama_cpp_would_cut_otherwise_is_refused(string what, string expected)
    {
        Write(json =>
        {
            var model = json["model"]!;
            switch (what)
            {
                case "no bytes":
                    model["byte_fallback"] = false;
                    break;
                case "ignore_merges":
                    model["ignore_merges"] = true;
                    break;
                case "missing merge":
                    model["merges"] = new JsonArray("a b", "b c", "ab c");
                    break;
                case "scattered merges":
                    model["merges"] = new JsonArray("ab c", "a b", "b c", "a bc");
                    break;
                case "lstrip":
                    json["added_tokens"]![2]!["lstrip"] = true;
                    break;
                default:
                    json["normalizer"] = null;
                    json["pre_tokenizer"] = JsonNode.Parse(what switch
                    {
                        "first" => FirstOnly,
                        "always" => FirstOnly.Replace("first", "always", StringComparison.Ordinal),
                        _ => $$"""{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {{FirstOnly}}]}""",
                    });
                    break;
            }
        });
        var refused = Assert.Throws<BadInputException>(() => GgufWriter.Open(_folder.In("model"), GgufType.F32, "tiny"));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A vocabulary of bytes, a few letters, and abc, made as ab and c or as a and bc.</summary>
    private void Write(Action<JsonNode> change)
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁", "a", "b", "c", "ab", "bc", "abc"];
        var json = JsonSerializer.SerializeToNode(new
        {
            version = "1.0",
            added_tokens = Enumerable.Range(0, 3).Select(id => new { id, content = tokens[id], single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
            normalizer = new { type = "Sequence", normalizers = new object[] { new { type = "Prepend", prepend = "▁" }, new { type = "Replace", pattern = new { String = " " }, content = "▁" } } },
            pre_tokenizer = (object?)null,
            decoder = new { type = "Sequence", decoders = new object[] { new { type = "Replace", pattern = new { String = "▁" }, content = " " }, new { type = "ByteFallback" }, new { type = "Fuse" }, new { type = "Strip", content = " ", start = 1, stop = 0 } } },
            model = new { type = "BPE", unk_token = "<unk>", fuse_unk = true, byte_fallback = true, vocab = tokens.Index().ToDictionary(token => token.Item, token => token.Index), merges = new[] { "a b", "b c", "ab c", "a bc" } },
        })!;
        change(json);
        Directory.CreateDirectory(_folder.In("tokenizer"));
        File.WriteAllText(_folder.In("tokenizer/tokenizer.json"), json.ToJsonString());
        File.WriteAllText(_folder.In("tokenizer/tokenizer_config.json"), """{"bos_token": "<s>", "eos_token": "</s>", "chat_template": "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"}""");
        using var model = new LlamaModel(new ModelConfig { VocabSize = tokens.Length, HiddenSize = 8, IntermediateSize = 8, Layers = 1, Heads = 1, KeyValueHeads = 1, HeadDim = 8, EosTokenIds = [2] }, ScalarType.Float32);
        LlamaModelFiles.Randomise(model, RandomStream.From(1));
        LlamaModelFiles.Save(model, _folder.In("tokenizer"), _folder.In("model"));
    }
}
