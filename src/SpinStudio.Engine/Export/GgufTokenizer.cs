using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Export;

/// <summary>
/// A tokenizer and chat template as llama.cpp wants them. It has two ways of byte-pair encoding: one over bytes, with a list of merges, and SentencePiece's over characters, with a score for each token.
/// What would be cut into other tokens there is refused by name.
/// </summary>
internal static class GgufTokenizer
{
    private const long LongestFile = 128 << 20;
    private const int Normal = 1, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    /// <exception cref="BadInputException">The tokenizer is of a kind that cannot be exported; the message names it.</exception>
    public static void Write(GgufMetadata metadata, string folder, ConversationEncoder encoder, ModelConfig config)
    {
        var tokenizer = encoder.Tokenizer;
        CheckAddedTokens(tokenizer);
        JsonFile.Read(Path.Combine(folder, "tokenizer.json"), LongestFile, json =>
        {
            if (tokenizer.IsByteLevel)
                GgufByteLevel.Write(metadata, json);
            else
                GgufSentencePiece.Write(metadata, json, encoder, config.VocabSize);
            return true;
        });
        WriteTokens(metadata, tokenizer, config.VocabSize);
        if (tokenizer.BosTokenId is { } bos)
            metadata.Add("tokenizer.ggml.bos_token_id", (uint)bos);
        // The token that closes an answer: llama.cpp stops there.
        metadata.Add("tokenizer.ggml.eos_token_id", (uint)encoder.EosId);
        metadata.Add("tokenizer.ggml.padding_token_id", (uint)encoder.PadTokenId);
        metadata.Add("tokenizer.ggml.add_bos_token", OpensWithBos(encoder));
        metadata.Add("tokenizer.ggml.add_eos_token", false);
        metadata.Add("tokenizer.chat_template", encoder.Template.Source);
    }

    /// <summary>llama.cpp looks for added tokens in the text as it is, and takes nothing around them along.</summary>
    private static void CheckAddedTokens(Tokenizer tokenizer)
    {
        foreach (var token in tokenizer.AddedTokens)
        {
            var flag = token switch { { LeftStrip: true } => "lstrip", { RightStrip: true } => "rstrip", { SingleWord: true } => "single_word", { Normalized: true } when !tokenizer.IsByteLevel => "normalized", _ => null };
            if (flag is not null)
                throw new BadInputException($"added token '{token.Content}' is {flag}, which llama.cpp does not know; GGUF cannot be written");
        }
    }

    /// <summary>llama.cpp puts a BOS before every text, chats included, so only where both the tokenizer does and the model was trained so.</summary>
    private static bool OpensWithBos(ConversationEncoder encoder) => encoder.Tokenizer.BosTokenId is { } bos
        && encoder.Tokenizer.Encode("", addSpecial: true).FirstOrDefault(-1) == bos && encoder.EncodePrompt([new ChatMessage("user", "?")]).FirstOrDefault(-1) == bos;

    private static void WriteTokens(GgufMetadata metadata, Tokenizer tokenizer, int vocabulary)
    {
        var added = tokenizer.AddedTokens.ToDictionary(token => token.Id);
        var ids = Enumerable.Range(0, vocabulary).ToList();
        metadata.Add("tokenizer.ggml.tokens", [.. ids.Select(id => tokenizer.Spelling(id) ?? $"[PAD{id}]")]);
        metadata.Add("tokenizer.ggml.token_type", [.. ids.Select(KindOf)]);

        int KindOf(int id) => tokenizer.Spelling(id) is not { } token ? Unused
            : added.TryGetValue(id, out var known) ? known.Special ? Control : UserDefined
            : !tokenizer.IsByteLevel && GgufSentencePiece.IsByte(token) ? Byte
            : Normal;
    }
}
