using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization;

public sealed class BuiltInTemplateTests
{
    private static readonly ChatMessage[] Conversation = [new("system", "Be brief."), new("user", "Hello?"), new("assistant", "Hi."), new("user", "Bye.")];

    private static readonly Tokenizer AllTokens = GoldenTokenizer.Changed(json =>
    {
        var added = json["added_tokens"]!.AsArray();
        foreach (var (i, content) in new[] { "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" }.Index())
            added.Add(new System.Text.Json.Nodes.JsonObject { ["id"] = 700 + i, ["content"] = content, ["special"] = true });
    });

    [Theory]
    [InlineData("zephyr", "<|system|>\nBe brief.</s>\n<|user|>\nHello?</s>\n<|assistant|>\nHi.</s>\n<|user|>\nBye.</s>\n<|assistant|>\n")]
    [InlineData("chatml", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello?<|im_end|>\n<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nBye.<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("llama-2", "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello? [/INST] Hi. </s><s>[INST] Bye. [/INST]")]
    [InlineData("llama-3", "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData("mistral", "<s>[INST] Be brief.\n\nHello? [/INST] Hi.</s>[INST] Bye. [/INST]")]
    [InlineData("instruction", "Be brief.\n\n### Instruction: Hello?\n\n### Response: Hi.</s>\n\n### Instruction: Bye.\n\n### Response:")]
    public void A_built_in_template_renders_as_its_models_were_taught(string name, string expected)
    {
        var template = new ChatTemplate(BuiltInTemplates.For(name, AllTokens), new TokenizerSettings("<s>", "</s>"));
        Assert.Equal(expected, template.Render(Conversation, addGenerationPrompt: true));
    }

    [Fact]
    public void Every_built_in_template_suits_training()
    {
        foreach (var name in BuiltInTemplates.Names)
        {
            var check = TemplateSuitability.Of(AllTokens, new ChatTemplate(BuiltInTemplates.For(name, AllTokens), AllTokens.Settings with { BosToken = null, EosToken = "<|im_end|>" }));
            Assert.Empty(check.Problems);
            Assert.True(check.TakesSystem && check.TakesSeveralTurns);
            Assert.Equal(name == "llama-3" ? "<|eot_id|>" : "<|im_end|>", AllTokens.Spelling(check.ClosingTokenId!.Value));
        }
    }

    [Fact]
    public void A_template_is_refused_when_the_tokenizer_lacks_its_tokens_or_nobody_knows_it()
    {
        var tokenizer = GoldenTokenizer.Load();
        Assert.Contains("writes the control token '<|start_header_id|>', which this tokenizer lacks", Assert.Throws<BadInputException>(() => BuiltInTemplates.For("llama-3", tokenizer)).Message, StringComparison.Ordinal);
        Assert.Contains("there are zephyr, chatml, llama-2", Assert.Throws<BadInputException>(() => BuiltInTemplates.For("vicuna", tokenizer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_template_gets_the_one_that_its_control_tokens_suggest()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(GoldenTokenizer.Folder, "tokenizer.json"), folder.In("tokenizer.json"));
        Assert.Contains("<|im_start|>", ChatTemplate.Of(Tokenizer.Load(folder.Path)).Source, StringComparison.Ordinal);
        folder.Write("tokenizer.json", File.ReadAllText(folder.In("tokenizer.json")).Replace("<|im_start|>", "<|turn|>", StringComparison.Ordinal));
        Assert.Contains("<|assistant|>", ChatTemplate.Of(Tokenizer.Load(folder.Path)).Source, StringComparison.Ordinal);
    }
}
