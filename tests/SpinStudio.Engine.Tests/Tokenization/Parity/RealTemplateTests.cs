using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization.Parity;

/// <summary>Chat templates of published models render as Python's jinja2 renders them; their texts are not ours to keep, so hashes are compared.</summary>
[Collection(TokenizerFiles.Shared)]
public sealed class RealTemplateTests(TokenizerFiles files)
{
    private static readonly JsonElement Golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, "real-templates.golden.json"))).RootElement;

    [Theory]
    [InlineData("llama3")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    [InlineData("deepseek_v3")]
    public void A_real_template_renders_as_in_Python(string name)
    {
        var golden = Golden.GetProperty("templates").GetProperty(name);
        var settings = TokenizerSettings.Load(Path.Combine(files.Out, name));
        Assert.Equal(golden.GetProperty("template").GetString(), Sha256(settings.ChatTemplate!));
        var template = new ChatTemplate(settings.ChatTemplate!, settings);
        var rendered = new List<string?>();
        foreach (var conversation in Golden.GetProperty("conversations").EnumerateArray())
        {
            var messages = conversation.EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!)).ToList();
            foreach (var generate in (bool[])[false, true])
                rendered.Add(Render(template, messages, generate) is { } text ? Sha256(text) : null);
        }
        Assert.Equal([.. golden.GetProperty("expected").EnumerateArray().Select(hash => hash.GetString())], rendered);
        Assert.Contains(rendered, hash => hash is not null);
    }

    [Theory]
    [InlineData("llama3", "<|eot_id|>")]
    [InlineData("llama3_1", "<|eot_id|>")]
    [InlineData("qwen3", "<|im_end|>")]
    [InlineData("deepseek_v3", "<｜end▁of▁sentence｜>")]
    public void A_real_template_suits_training(string name, string closing)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(files.Out, name == "llama3" ? "llama3_1" : name));
        var settings = TokenizerSettings.Load(Path.Combine(files.Out, name));
        var check = TemplateSuitability.Of(tokenizer, new ChatTemplate(settings.ChatTemplate!, settings));
        Assert.Empty(check.Problems);
        Assert.Equal(closing, tokenizer.Spelling(check.ClosingTokenId!.Value));
    }

    /// <summary>With a SentencePiece-style tokenizer a text begins with a space; an answer inside a conversation must not.</summary>
    [Theory]
    [InlineData("llama2", "zephyr")]
    [InlineData("llama2", "mistral")]
    [InlineData("llama2", "llama-2")]
    [InlineData("llama2", "instruction")]
    [InlineData("metaspace-first", "zephyr")]
    [InlineData("metaspace-always-split", "zephyr")]
    [InlineData("llama3_1", "llama-3")]
    [InlineData("qwen3", "chatml")]
    public void Prompt_and_answer_are_the_ids_of_the_whole_conversation(string name, string templateName)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(files.Out, name));
        var settings = tokenizer.Settings with { BosToken = tokenizer.Settings.BosToken ?? "<s>", EosToken = tokenizer.Settings.EosToken ?? "</s>" };
        var template = new ChatTemplate(BuiltInTemplates.For(templateName, tokenizer), settings);
        var encoder = new ConversationEncoder(tokenizer, template, []);
        foreach (var (question, answer) in new[] { ("Who is there?", "A bear."), ("2 + 2", "4"), ("¿Qué?", "Nada — nothing at all.") })
        {
            var example = new SpinStudio.Engine.Datasets.Example(question, answer);
            var encoded = encoder.Encode(example);
            var whole = tokenizer.Encode(template.Render([new ChatMessage("user", question), new ChatMessage("assistant", answer)], addGenerationPrompt: false));
            int[] joined = [.. encoded.Prompt, .. encoded.Answer];
            Assert.Equal(whole[..joined.Length], joined);
            Assert.Equal(answer, encoder.DecodeAnswer(encoded.Answer).Trim());
        }
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string? Render(ChatTemplate template, List<ChatMessage> messages, bool generate)
    {
        try
        {
            return template.Render(messages, generate);
        }
        catch (BadInputException)
        {
            return null;
        }
    }
}
