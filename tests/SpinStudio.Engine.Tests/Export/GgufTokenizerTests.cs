using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tests.Tokenization.Parity;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Export;

/// <summary>Real tokenizer files, written as GGUF, cut texts into the same tokens in llama.cpp.</summary>
[Collection(TokenizerFiles.Shared)]
public sealed class GgufTokenizerTests(TokenizerFiles files, LlamaCpp llamaCpp) : IClassFixture<LlamaCpp>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("llama2", "mistral", "<s>", "</s>")]
    [InlineData("metaspace-never", "mistral", "<s>", "</s>")]
    [InlineData("metaspace-first", "mistral", "<s>", "</s>")]
    [InlineData("llama3_1", "llama-3", "<|begin_of_text|>", "<|eot_id|>")]
    [InlineData("qwen3", "chatml", null, "<|im_end|>")]
    public async Task Texts_of_all_scripts_are_cut_into_the_same_tokens(string name, string template, string? bos, string eos)
    {
        Assert.NotNull(llamaCpp);
        var encoder = Model(name, template, bos, eos);
        // Texts that are not composed, which Qwen's tokenizer composes first, are left out; and "</s>", which llama.cpp takes for a control token in every vocabulary that has it.
        var texts = File.ReadLines(Path.Combine(files.Out, name + ".jsonl")).Skip(1).Select(line => JsonNode.Parse(line)!["text"]?.GetValue<string>())
            .OfType<string>().Where(text => text.Length > 0 && text == Nfc.Normalize(text) && (name != "qwen3" || !text.Contains("</s>", StringComparison.Ordinal))).Take(1000)
            // What only the whole text is given is given to none that a control token opens, as one opens every conversation.
            .Select(text => name == "metaspace-first" ? bos + text : text).ToList();
        var path = _folder.In("model.gguf");
        await using (var file = File.Create(path))
            await GgufWriter.Open(_folder.In("model"), GgufType.F16, "tiny", encoder).WriteAsync(file);
        var theirs = LlamaCpp.Answer(path, texts, maxTokens: 0);
        var differences = texts.Zip(theirs.All).Where(pair => !encoder.Tokenizer.Encode(pair.First).SequenceEqual(pair.Second.Prompt))
            .Select(pair => $"{JsonSerializer.Serialize(pair.First)}: [{string.Join(' ', encoder.Tokenizer.Encode(pair.First))}] there [{string.Join(' ', pair.Second.Prompt)}]").ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n{string.Join('\n', differences.Take(10))}");
    }

    public void Dispose() => _folder.Dispose();

    private ConversationEncoder Model(string name, string template, string? bos, string eos)
    {
        Directory.CreateDirectory(_folder.In("tokenizer"));
        File.Copy(Path.Combine(files.Out, name, "tokenizer.json"), _folder.In("tokenizer/tokenizer.json"));
        File.WriteAllText(_folder.In("tokenizer/tokenizer_config.json"), JsonSerializer.Serialize(new { bos_token = bos, eos_token = eos }));
        var tokenizer = Tokenizer.Load(_folder.In("tokenizer"));
        File.WriteAllText(_folder.In("tokenizer/chat_template.jinja"), BuiltInTemplates.For(template, tokenizer));
        using var model = new LlamaModel(new ModelConfig { VocabSize = tokenizer.VocabSize, HiddenSize = 8, IntermediateSize = 8, Layers = 1, Heads = 1, KeyValueHeads = 1, HeadDim = 8, EosTokenIds = [2] }, ScalarType.BFloat16);
        LlamaModelFiles.Randomise(model, RandomStream.From(1));
        LlamaModelFiles.Save(model, _folder.In("tokenizer"), _folder.In("model"));
        return ConversationEncoder.Load(_folder.In("model"));
    }
}
