using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests;

public sealed class WordDiffTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("", "A fox ran.")]
    [InlineData("A fox ran.", "")]
    [InlineData("A fox ran home.", "A red fox  ran\naway.")]
    [InlineData("one two three one two", "two one three two one")]
    public void Parts_rebuild_both_texts(string before, string after)
    {
        var parts = WordDiff.Between(before, after);

        Assert.Equal(after, string.Concat(parts.Where(part => part.Kind != DiffKind.Dropped).Select(part => part.Text)));
        Assert.Equal(before, string.Concat(parts.Where(part => part.Kind != DiffKind.Added).Select(part => part.Text)));
    }

    [Fact]
    public void Only_the_changed_word_is_marked()
    {
        var parts = WordDiff.Between("A shy boy met a wolf.", "A shy boy saw a wolf.");

        Assert.Equal(
        [
            new DiffPart(DiffKind.Same, "A shy boy "), new DiffPart(DiffKind.Dropped, "met "), new DiffPart(DiffKind.Added, "saw "), new DiffPart(DiffKind.Same, "a wolf."),
        ], parts);
    }

    [Fact]
    public void Equal_texts_have_one_unmarked_part() =>
        Assert.Equal([new DiffPart(DiffKind.Same, "The same words.")], WordDiff.Between("The same words.", "The same words."));

    [Fact]
    public void Long_texts_are_compared_quickly_by_their_common_ends()
    {
        var middle = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"word{i} "));
        var other = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"other{i} "));

        var parts = WordDiff.Between($"Start {middle}end", $"Start {other}end");

        Assert.Equal([DiffKind.Same, DiffKind.Dropped, DiffKind.Added, DiffKind.Same], parts.Select(part => part.Kind));
    }
}
