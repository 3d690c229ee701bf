using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Writes a trained tokenizer as <c>tokenizer.json</c> and <c>tokenizer_config.json</c>, as Hugging Face's libraries read them.</summary>
internal static class TokenizerJson
{
    private static readonly JsonSerializerOptions WithNulls = new() { WriteIndented = true, Encoder = RunJson.Pretty.Encoder };

    public static void Write(
        string folder, IReadOnlyList<string> specialTokens, IReadOnlyList<string> tokens, IReadOnlyList<(string Left, string Right)> merges, TokenizerSettings settings)
    {
        var byteLevel = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true };
        Save(Path.Combine(folder, "tokenizer.json"), new
        {
            version = "1.0",
            truncation = (object?)null,
            padding = (object?)null,
            added_tokens = specialTokens.Select((content, id) => new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
            normalizer = (object?)null,
            pre_tokenizer = new { type = "Sequence", pretokenizers = new object[] { new { type = "Digits", individual_digits = true }, byteLevel } },
            post_processor = (object?)null,
            decoder = byteLevel,
            model = new
            {
                type = "BPE",
                dropout = (object?)null,
                unk_token = (object?)null,
                continuing_subword_prefix = (object?)null,
                end_of_word_suffix = (object?)null,
                fuse_unk = false,
                byte_fallback = false,
                ignore_merges = false,
                vocab = specialTokens.Concat(tokens).Index().ToDictionary(pair => pair.Item, pair => pair.Index),
                merges = merges.Select(merge => new[] { merge.Left, merge.Right }),
            },
        });
        Save(Path.Combine(folder, "tokenizer_config.json"), new
        {
            tokenizer_class = "PreTrainedTokenizerFast",
            bos_token = settings.BosToken,
            eos_token = settings.EosToken,
            pad_token = settings.PadToken,
            unk_token = settings.UnknownToken,
            add_bos_token = false,
            add_prefix_space = false,
            clean_up_tokenization_spaces = false,
            chat_template = settings.ChatTemplate,
        });
    }

    private static void Save(string path, object content)
    {
        File.WriteAllText(path, JsonSerializer.Serialize(content, WithNulls) + "\n");
    }
}
