using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization;

public sealed class BpeTrainerTests
{
    [Fact]
    public void Training_again_writes_the_same_files()
    {
        if (Environment.GetEnvironmentVariable("SPINSTUDIO_UPDATE_GOLDEN") == "1")
            GoldenTokenizer.Train(GoldenTokenizer.Folder);
        using var folder = new TemporaryFolder();
        GoldenTokenizer.Train(folder.Path);
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json"])
            Assert.Equal(File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, name)), File.ReadAllText(folder.In(name)));
    }

    [Fact]
    public void The_most_frequent_pair_is_merged_first()
    {
        using var folder = new TemporaryFolder();
        // "ab" occurs 3 times, "bc" twice: ab becomes 257, then abc, of which there are 2.
        var tokenizer = BpeTrainer.Train(folder.Path, ["abc", "abd", "abc"], 259, ["<s>"], new TokenizerSettings(EosToken: "<s>"));
        Assert.Equal(259, tokenizer.VocabSize);
        Assert.Equal(257, tokenizer.IdOf("ab"));
        Assert.Equal(258, tokenizer.IdOf("abc"));
        Assert.Equal([258], tokenizer.Encode("abc"));
    }

    [Fact]
    public void Pairs_never_cross_words_digits_or_control_tokens()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = BpeTrainer.Train(folder.Path, Enumerable.Repeat("12 12<s>x<s>x", 10), 400, ["<s>"], new TokenizerSettings());
        Assert.Null(tokenizer.IdOf("12"));
        Assert.Null(tokenizer.IdOf(">x"));
        Assert.Equal(257, tokenizer.VocabSize);
    }

    [Fact]
    public void A_vocabulary_too_small_for_bytes_is_refused() =>
        Assert.Throws<BadInputException>(() => BpeTrainer.Train("/none", [], 256, ["<s>"], new TokenizerSettings()));

    [Fact]
    public void A_named_token_must_be_a_control_token() =>
        Assert.Throws<BadInputException>(() => BpeTrainer.Train("/none", [], 300, ["<s>"], new TokenizerSettings(EosToken: "</s>")));
}
