using System.Text.Json;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Samples;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

public sealed class SampleItemTests
{
    public static TheoryData<string> Families => [StoryItem.KindName, ListItem.KindName, RewriteItem.KindName, SortItem.KindName];

    private static SampleItem Draw(string family, SampleRandom random) => family switch
    {
        StoryItem.KindName => StoryItem.Draw(random),
        ListItem.KindName => ListItem.Draw(random),
        RewriteItem.KindName => RewriteItem.Draw(random),
        _ => SortItem.Draw(random),
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_good_answer_passes_and_every_sloppy_one_fails(string family)
    {
        var random = new SampleRandom(11);
        for (int i = 0; i < 5000; i++)
        {
            SampleItem item = Draw(family, random);
            JsonElement check = item.Check();
            string good = item.Good(random);
            string sloppy = item.Sloppy(random);
            Assert.True(ExactChecks.Check(check, good) == true, $"{check} refuses: {good}");
            Assert.True(ExactChecks.Check(check, sloppy) == false, $"{check} lets pass: {sloppy}");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_answer_to_another_combination_fails(string family)
    {
        var random = new SampleRandom(12);
        int passed = 0;
        for (int i = 0; i < 1000; i++)
        {
            SampleItem asked = Draw(family, random);
            SampleItem answered = Draw(family, random);
            passed += asked.Combination != answered.Combination && ExactChecks.Check(asked.Check(), answered.Good(random)) == true ? 1 : 0;
        }
        // A list of fruits may by luck also be what another list of fruits asks for; a story, a rewriting or a sorting may not.
        Assert.InRange(passed, 0, family == ListItem.KindName ? 60 : 0);
    }

    [Fact]
    public void Prompt_names_every_fact_of_a_story()
    {
        var random = new SampleRandom(13);
        for (int i = 0; i < 500; i++)
        {
            StoryItem item = StoryItem.Draw(random);
            string[] words = Prose.Words(item.Prompt(random));
            Assert.All([item.Hero, item.Trait, item.Animal, item.Object], word => Assert.Contains(word, words));
        }
    }

    [Fact]
    public void Filler_words_of_stories_are_no_vocabulary_of_the_check()
    {
        string[] filler = [.. StoryItem.Templates.SelectMany(template => Prose.Words(template).Where(word => !word.Contains('{')))];
        Assert.NotEmpty(filler);
        Assert.Empty(filler.Intersect([.. Vocabulary.Heroes, .. Vocabulary.Traits, .. Vocabulary.Animals, .. Vocabulary.Objects]));
    }

    [Fact]
    public void Word_lists_hold_no_word_twice_and_categories_share_none()
    {
        string[] all = [.. Vocabulary.Categories.Values.SelectMany(words => words), .. Vocabulary.Heroes, .. Vocabulary.Traits];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(Vocabulary.Objects.Count, Vocabulary.Objects.Distinct().Count());
    }
}
